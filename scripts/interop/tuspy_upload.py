"""An application that uploads one file with tuspy, used as its documentation shows.

It pauses half-way and resumes from the URL storage with a new uploader, as a program that was
started again does. When the client gives up, or waits for ever, the application resumes the same
way; when the server no longer knows the upload, it begins another.
Prints OUTCOME: details, where OUTCOME is what the application met (see clients.tsv).

usage: tuspy_upload.py BASE_URL FOLDER   (credentials as name:password in CREDENTIALS, if any)
"""

import hashlib
import os
import signal
import sys
import time

import requests
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.storage.filestorage import FileStorage

BASE, FOLDER = sys.argv[1:3]
PATIENCE = 5  # seconds without progress after which the application stops waiting
ATTEMPTS = 20  # how often the application starts the client before it gives up itself
UPLOADS = 4  # how many uploads of one file it takes before it sees no sense in another
CHUNK = 1200 * 1024
METADATA = {
    "data_stream_id": "dextesting",
    "data_stream_route": "testevent1",
    "sender_id": "interop",
    "data_producer_id": "interop",
    "jurisdiction": "GA",
    "received_filename": "tuspy.bin",
}
content = os.urandom(12 * 1024 * 1024 + 77)
FILE = os.path.join(FOLDER, "tuspy.bin")
with open(FILE, "wb") as file:
    file.write(content)
storage = FileStorage(os.path.join(FOLDER, "urls.json"))


class Hung(BaseException):
    """No progress: no OSError, which the client would take for its own timeout."""


def on_alarm(_signal, _frame):
    raise Hung("no progress")


def ask(method, path, **options):
    """What the application asks for by itself is not judged here: it asks until it is answered."""
    for left in range(20, -1, -1):
        try:
            response = requests.request(method, BASE + path, timeout=PATIENCE, **options)
            if response.ok or left == 0:
                return response
        except requests.RequestException:
            if left == 0:
                raise
        time.sleep(0.1)


def authorization():
    if not os.environ.get("CREDENTIALS"):
        return {}
    username, password = os.environ["CREDENTIALS"].split(":")
    token = ask("POST", "/oauth", data={"username": username, "password": password}).json()
    return {"Authorization": "Bearer " + token["access_token"]}


def attempt(stop_at, urls):
    """One uploader until `stop_at` bytes are accepted. Adds the upload that it used to `urls`."""
    client = TusClient(BASE + "/files", headers=authorization())
    uploader = None
    signal.alarm(PATIENCE)
    try:
        uploader = client.uploader(
            file_path=FILE,  # a file_stream is closed by tuspy's own URL storage
            chunk_size=CHUNK,
            metadata=METADATA,
            retries=3,
            retry_delay=0.2,
            store_url=True,
            url_storage=storage,
        )
        uploader.stop_at = stop_at
        if not uploader.url:
            uploader.set_url(uploader.create_url())
        urls.add(uploader.url)
        while uploader.offset < stop_at:
            signal.alarm(PATIENCE)
            uploader.upload_chunk()
    finally:
        signal.alarm(0)


signal.signal(signal.SIGALRM, on_alarm)
key = "size:{}--md5:{}".format(len(content), hashlib.md5(content[:65536]).hexdigest())
gave_up = hung = paused = 0
done = False
urls = set()
stop_at = len(content) // 2
for _ in range(ATTEMPTS):
    try:
        attempt(stop_at, urls)
        if stop_at == len(content):
            done = True
            break
        paused += 1
        stop_at = len(content)
    except Hung:
        hung += 1
    except Exception as error:  # whatever type the client lets through
        if os.environ.get("VERBOSE"):
            print(type(error).__name__, error, file=sys.stderr)
        gave_up += 1
        if isinstance(error, TusCommunicationError) and error.status_code in (404, 410):
            storage.remove_item(key)
    if len(urls) >= UPLOADS:
        break
    time.sleep(0.1)

met = []
if gave_up:
    met.append("gave-up")
if hung:
    met.append("hung")
if len(urls) > 1:
    met.append("restarted")
if done:
    upload_id = storage.get_item(key).rsplit("/", 1)[1]
    seen = ask("GET", "/_mock/uploads/" + upload_id).json()
    if seen["sha256"] != hashlib.sha256(content).hexdigest():
        met.append("lost")
    assert paused == 1, "the upload was to be paused half-way"
else:
    met.append("never")
print(f"{'+'.join(met) or 'survived'}: gave up {gave_up}, hung {hung}, uploads {len(urls)}")
