// A lost answer, from Node with nothing but its standard library: node fault.mjs URL TOPIC
// URL is what the ready line of `odradek serve --control` has behind control=.
const [url, topic] = process.argv.slice(2);

async function call(method, path, body) {
  const answer = await fetch(url + path, { method, body: body && JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

const fault = await call("POST", "/v1/faults", { api: "Produce", topic, action: "disconnect_after", times: 1 });
console.log(`ready ${fault.id}`);
// Here the test sends a record; its producer loses the answer, and sends it again.
const hit = await call("GET", `/v1/faults/${fault.id}?hits=1&timeout_ms=30000`);
const page = await call("GET", `/v1/topics/${topic}/records`);
await call("DELETE", `/v1/faults/${fault.id}`);
console.log(`hits ${hit.hits}`);
if (page.records.length !== 1) throw new Error(`stored ${page.records.length} times`);
