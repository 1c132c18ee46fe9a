"""A national system beside a node sends an alert, reads the list of alerts, and follows what happens. See ../api.md.
python client.py URL TOKEN_FILE ALERT.json [LAST_EVENT_ID]
"""
import contextlib, hashlib, http.client, itertools, json, sys, time, urllib.request  # noqa: E401
from pathlib import Path
from urllib.error import HTTPError

BROKEN = (OSError, http.client.HTTPException)  # not reached, too busy, or the line broke: try again

class Node:
    def __init__(self, url, token):
        self.url, self.token = url.rstrip("/") + "/v1/", token.strip()

    def call(self, name, given, key=""):
        """Do a command, or ask a question. With a key a command may be sent again and again: it happens once."""
        for pause in (1, 5, 25, None):
            try:
                return json.load(self._open(name.replace(".", "/"), json.dumps(given).encode(), idempotency_key=key))
            except BROKEN:
                if pause is None or not key:
                    raise
                time.sleep(pause)  # the node is away: longer each time

    def walk(self, name, **given):
        """Every item of a question that answers in pages, the newest first."""
        while given.get("before", True):
            page = self.call(name, given)
            yield from page["items"]
            given["before"] = page["next"]  # where to go on; None after the last page

    def follow(self, last=""):
        """What happens, for ever: (id, event, data). Whoever keeps the id misses nothing and gets nothing twice."""
        while True:
            event = {}
            with contextlib.suppress(*BROKEN):
                for line in self._open("events", last_event_id=last):
                    field, _, value = line.decode().strip().partition(": ")
                    event |= {field: value} if field else {}
                    if not line.strip() and "data" in event:  # an empty line ends an event
                        last, what, data, event = event["id"], event["event"], json.loads(event["data"]), {}
                        yield last, what, data
            time.sleep(3)  # the stream has ended: do not hurry back

    def _open(self, path, data=None, **headers):
        found = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        found |= {name.replace("_", "-"): value for name, value in headers.items() if value}
        try:
            return urllib.request.urlopen(urllib.request.Request(self.url + path, data, found), timeout=60)
        except HTTPError as error:
            if error.code in (429, 503):
                raise
            raise RuntimeError(error.read().decode()) from error  # a problem document: code, detail, hint

if __name__ == "__main__":
    node, alert = Node(sys.argv[1], Path(sys.argv[2]).read_text()), Path(sys.argv[3]).read_bytes()
    key = hashlib.sha256(alert).hexdigest()  # of the content: one file is one alert, however often it is sent
    print(json.dumps(node.call("intelligence.alert-vehicle", json.loads(alert), key)), flush=True)
    for each in itertools.chain(node.walk("intelligence.search"), node.follow(*sys.argv[4:])):
        print(json.dumps(each), flush=True)
