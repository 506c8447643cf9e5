"""tuspy uploads a file in chunks; half-way a new client resumes it by URL.

usage: tuspy_upload.py CREATION_URL CONTROL_URL   (token in TOKEN, if any)
"""

import hashlib
import io
import json
import os
import sys
import urllib.request

from tusclient.client import TusClient

endpoint, control = sys.argv[1:3]
headers = {"Authorization": "Bearer " + os.environ["TOKEN"]} if os.environ.get("TOKEN") else {}
content = os.urandom(3 * 1024 * 1024 + 77)
metadata = {
    "data_stream_id": "dextesting",
    "data_stream_route": "testevent1",
    "sender_id": "interop",
    "data_producer_id": "interop",
    "jurisdiction": "GA",
    "received_filename": "tuspy.bin",
}

client = TusClient(endpoint, headers=headers)
first = client.uploader(file_stream=io.BytesIO(content), chunk_size=512 * 1024, metadata=metadata)
first.upload(stop_at=len(content) // 2)
paused_at = first.offset

second = TusClient(endpoint, headers=headers).uploader(
    file_stream=io.BytesIO(content), chunk_size=512 * 1024, url=first.url
)
assert second.offset == paused_at, (second.offset, paused_at)
second.upload()

upload_id = first.url.rsplit("/", 1)[1]
request = urllib.request.Request(f"{control}/_mock/uploads/{upload_id}", headers=headers)
with urllib.request.urlopen(request) as response:
    seen = json.load(response)
assert seen["sha256"] == hashlib.sha256(content).hexdigest(), seen
print(f"tuspy: paused at {paused_at}, resumed, {len(content)} bytes verified")
