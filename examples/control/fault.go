// A lost answer, from Go with nothing but its standard library: go run fault.go URL TOPIC
// URL is what the ready line of `odradek serve --control` has behind control=.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
)

type fault struct {
	ID   string `json:"id"`
	Hits int    `json:"hits"`
}

func call(method, url string, body, into any) {
	given, err := json.Marshal(body)
	if err != nil {
		log.Fatal(err)
	}
	if body == nil {
		given = nil
	}
	request, err := http.NewRequest(method, url, bytes.NewReader(given))
	if err != nil {
		log.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		var said struct{ Error string }
		json.NewDecoder(answer.Body).Decode(&said)
		log.Fatal(said.Error)
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		log.Fatal(err)
	}
}

func main() {
	url, topic := os.Args[1], os.Args[2]
	var added, hit fault
	rule := map[string]any{"api": "Produce", "topic": topic, "action": "disconnect_after", "times": 1}
	call("POST", url+"/v1/faults", rule, &added)
	fmt.Println("ready", added.ID)
	// Here the test sends a record; its producer loses the answer, and sends it again.
	call("GET", url+"/v1/faults/"+added.ID+"?hits=1&timeout_ms=30000", nil, &hit)
	var page struct{ Records []map[string]any }
	call("GET", url+"/v1/topics/"+topic+"/records", nil, &page)
	call("DELETE", url+"/v1/faults/"+added.ID, nil, &added)
	fmt.Println("hits", hit.Hits)
	if len(page.Records) != 1 {
		log.Fatalf("stored %d times", len(page.Records))
	}
}
