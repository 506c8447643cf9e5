"""One folder, two servers: what the mock began, tusd finishes, and the other way round.

Each server is killed (SIGKILL), never stopped in order, and the next one is started on the same
folder. It must tell the same of every upload - offset, length, metadata, concatenation - resume what
is half done, and give the right bytes. Prints one line for each thing that held; exits 1 at the first
that does not.

usage: stores.py MOCK_PROGRAM TUSD_PROGRAM FOLDER
"""

import base64
import hashlib
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time

MOCK, TUSD, FOLDER = sys.argv[1:4]
STORE = os.path.join(FOLDER, "store")
DEADLINE = 20  # seconds
HALF = 300_000
METADATA = {"filename": "Überweisung für Łódź – 患者.csv", "note": "", "plain": "a b"}
# Members that no server writes today, where a future one might write some.
FOREIGN = {"Retention": {"days": 30, "why": "§ 12"}, "Tags": ["a", None, 1.5]}


held = 0


def ok(what):
    global held
    held += 1
    print("ok      ", what)


def expect(what, seen, wanted):
    if seen != wanted:
        sys.exit(f"FAILED   {what}: {seen!r}, expected {wanted!r}")


def until(what, condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"FAILED   {what}: not within {DEADLINE} s")
        time.sleep(0.02)


class Server:
    """A server program on a free port that is killed at the end."""

    def __init__(self, name, command, pattern):
        self.name = name
        self.log = os.path.join(FOLDER, name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(name + " starts", lambda: self.find(pattern))
        self.port = int(self.find(pattern).group(1))

    def find(self, pattern):
        with open(self.log, encoding="utf-8") as log:
            return re.search(pattern, log.read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def request(self, method, path, headers=None, body=b"", status=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request(method, path, body, {"Tus-Resumable": "1.0.0", **(headers or {})})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if status is not None:
            expect(f"{self.name}: {method} {path}: status ({content[:200]!r})", response.status, status)
        return response, content

    def create(self, headers):
        response, _ = self.request("POST", "/files/", headers, status=201)
        return response.headers["Location"].rstrip("/").rsplit("/", 1)[1]

    def patch(self, upload, headers=None):
        """Sends what is missing of `upload.content`, as far as `upload.stop`."""
        offset = self.head(upload.id)["offset"]
        body = upload.content[offset : upload.stop]
        fields = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            **(headers or {}),
        }
        response, _ = self.request("PATCH", f"/files/{upload.id}", fields, body, 204)
        expect(f"{self.name}: offset after PATCH", response.headers["Upload-Offset"], str(offset + len(body)))

    def head(self, upload_id):
        """What HEAD tells, in a form that does not depend on who wrote it."""
        fields = self.request("HEAD", f"/files/{upload_id}", status=200)[0].headers
        metadata = {}
        for pair in filter(None, (fields["Upload-Metadata"] or "").split(",")):
            key, _, value = pair.strip().partition(" ")
            metadata[key] = base64.b64decode(value).decode()
        concat = fields["Upload-Concat"]
        if concat and concat.startswith("final;"):
            concat = ["final"] + [part.rsplit("/", 1)[-1] for part in concat[len("final;") :].split()]
        return {
            "offset": int(fields["Upload-Offset"]) if fields["Upload-Offset"] else None,
            "length": fields["Upload-Length"],
            "deferred": fields["Upload-Defer-Length"],
            "metadata": metadata,
            "concat": concat,
        }

    def expect_content(self, what, upload_id, content):
        _, seen = self.request("GET", f"/files/{upload_id}", status=200)
        digest = hashlib.sha256(seen).hexdigest()
        expect(f"{self.name}: digest of {what}", digest, hashlib.sha256(content).hexdigest())


def mock():
    command = [MOCK, "--listen", "127.0.0.1:0", "--profile", "tus", "--store", STORE]
    return Server("mock", command, r"ready http://127\.0\.0\.1:(\d+)")


def tusd():
    command = [TUSD, "-host", "127.0.0.1", "-port", "0", "-upload-dir", STORE]
    return Server("tusd", command, r"http://127\.0\.0\.1:(\d+)/files/")


class Upload:
    """An upload on the server that created it; `stop` is how far it has come."""

    def __init__(self, server, seed, size=2 * HALF, stop=None, headers=None, deferred=False):
        self.content = random.Random(seed).randbytes(size)
        self.stop = size if stop is None else stop
        fields = {"Upload-Defer-Length": "1"} if deferred else {"Upload-Length": str(size)}
        self.id = server.create({**fields, **(headers or {})})
        if self.stop > 0:
            server.patch(self)


def info_path(upload_id):
    return os.path.join(STORE, upload_id + ".info")


def lock_path(upload_id):
    return os.path.join(STORE, upload_id + ".lock")


def read_info(upload_id):
    with open(info_path(upload_id), encoding="utf-8") as file:
        return json.load(file)


def begin(server):
    """Uploads in every state that a folder can hold."""
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}".strip() for k, v in METADATA.items())
    partial = {"Upload-Concat": "partial"}
    uploads = {
        "finished": Upload(server, 1, headers={"Upload-Metadata": metadata}),
        "half done": Upload(server, 2, stop=HALF, headers={"Upload-Metadata": metadata}),
        "untouched": Upload(server, 3, stop=0),
        "empty": Upload(server, 4, size=0),
        "of deferred length": Upload(
            server, 5, stop=HALF, deferred=True, headers={"Upload-Metadata": metadata}
        ),
        "first part": Upload(server, 6, headers=partial),
        "second part": Upload(server, 7, headers=partial),
        "half a part": Upload(server, 8, stop=HALF, headers=partial),
    }
    return uploads


def join(server, parts):
    concat = "final;" + " ".join(f"/files/{part.id}" for part in parts)
    return server.create({"Upload-Concat": concat, "Upload-Metadata": "filename " + base64.b64encode(b"whole").decode()})


def hand_over(first, second):
    """`first` begins, `second` takes over, `first` reads what came of it."""
    with first() as server:
        a = server.name
        uploads = begin(server)
        joined = join(server, [uploads["first part"], uploads["second part"]])
        seen = {name: server.head(upload.id) for name, upload in uploads.items()}
        seen_joined = server.head(joined)
        broken = leave_mid_patch(server)
    if first is tusd:
        expect("tusd left a .lock behind when it was killed", os.path.exists(lock_path(broken.id)), True)

    # Add members that neither server knows.
    deferred = uploads["of deferred length"]
    info = read_info(deferred.id)
    with open(info_path(deferred.id), "w", encoding="utf-8") as file:
        json.dump({**info, **FOREIGN}, file)

    with second() as server:
        b = server.name
        for name, upload in uploads.items():
            expect(f"{b}: HEAD of {a}'s upload {name}", server.head(upload.id), seen[name])
            if seen[name]["offset"]:
                server.expect_content(name, upload.id, upload.content[: upload.stop])
        ok(f"{b} tells the same of {len(uploads)} uploads that {a} began, and gives their bytes")

        now = server.head(joined)
        expect(f"{b}: HEAD of {a}'s final", now, seen_joined)
        whole = uploads["first part"].content + uploads["second part"].content
        server.expect_content("the final", joined, whole)
        ok(f"{b} tells the same of a final that {a} joined, and gives its bytes")

        for name in ("half done", "untouched", "half a part"):
            upload = uploads[name]
            upload.stop = len(upload.content)
            server.patch(upload)
            server.expect_content(name, upload.id, upload.content)
        ok(f"{b} resumes what {a} left half done, to the end")

        server.patch(broken)
        server.expect_content("the broken upload", broken.id, broken.content)
        ok(f"{b} resumes what {a} was killed in the middle of, whatever locks it left")

        deferred.stop = len(deferred.content)
        server.patch(deferred, {"Upload-Length": str(len(deferred.content))})
        server.expect_content("the deferred upload", deferred.id, deferred.content)
        ok(f"{b} takes the length of an upload that {a} created without")

        late = join(server, [uploads["half a part"], uploads["first part"]])
        whole_late = uploads["half a part"].content + uploads["first part"].content
        server.expect_content("the late final", late, whole_late)
        ok(f"{b} joins parts that {a} began")

        gone = uploads.pop("empty")
        server.request("DELETE", f"/files/{gone.id}", status=204)
        seen = {name: server.head(upload.id) for name, upload in uploads.items()}
    info = read_info(deferred.id)
    expect(f"{b}: Size in the .info that it rewrote", info["Size"], len(deferred.content))

    with first() as server:
        for name, upload in uploads.items():
            expect(f"{a}: HEAD of the upload {name} that came back", server.head(upload.id), seen[name])
            server.expect_content(name, upload.id, upload.content)
        server.expect_content("the final", joined, whole)
        server.expect_content("the late final", late, whole_late)
        server.expect_content("the broken upload", broken.id, broken.content)
        status = server.request("HEAD", f"/files/{gone.id}")[0].status
        expect(f"{a}: HEAD of what {b} removed", status, 404)
        ok(f"{a} takes all of it back: {len(uploads) + 3} uploads whole, one removed")
    return info


def leave_mid_patch(server):
    """An upload whose PATCH is under way, half of its body stored, when the server is killed."""
    upload = Upload(server, 9, stop=0)
    upload.stop = len(upload.content)
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)
    connection.sendall(
        f"PATCH /files/{upload.id} HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {upload.stop}\r\n\r\n".encode()
        + upload.content[:HALF]
    )
    data = os.path.join(STORE, upload.id)
    until("half a body is stored", lambda: os.path.getsize(data) == HALF)
    upload.connection = connection  # stays open until the server is dead
    return upload


os.makedirs(STORE)
info = hand_over(mock, tusd)
expect("tusd: the mock's own member in the .info that tusd rewrote", "DexMock" in info, False)
ok("an upload outlives that tusd drops the mock's own member when it rewrites the .info")

info = hand_over(tusd, mock)
expect("mock: members that it does not know", {key: info.get(key) for key in FOREIGN}, FOREIGN)
ok("the mock keeps the members of the .info that it does not know")
print(f"{held} things held, in both directions")
