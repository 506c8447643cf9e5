"""Clients of Open Humans, One Codex and object storage against the mock, under the faults of
uploads.json.

What the clients run are the examples of docs/guides, and those of Open Humans' document; only the
host is another. Each client has a lane of its own for each fault. Prints what came of it: what the
client said, and what is in the store afterwards. Both must be as uploads.json has them.

usage: uploads.py MOCK_PROGRAM FOLDER COUNTS [PYTHON]   (passed and failed are written to COUNTS;
                                                    PYTHON is that of onecodex 0.6.5)
"""

import base64
import collections
import gzip
import hashlib
import hmac
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import traceback
from urllib.parse import quote, urlencode, urlsplit

import boto3
import botocore.exceptions
import ohapi.api  # loaded here, once for all examples
import requests

MOCK, FOLDER, COUNTS = sys.argv[1:4]
PYTHONS = {"onecodex-1.2.0": sys.executable, "onecodex-0.6.5": (sys.argv[4:] or [None])[0]}
HERE = os.path.dirname(os.path.abspath(__file__))
GUIDES = os.path.join(HERE, "../../docs/guides")
HOST = "http://127.0.0.1:8080"  # in the examples
PROJECT, TOKEN = "/api/direct-sharing/project/", {"access_token": "example_token"}
CODEX, CODEX_KEY = "/api/v1/", ("demodemodemodemodemodemodemodemo", "")
CURL_BROKEN = (7, 35, 52, 55, 56)  # no connection, or a lost one; which of them is chance
DEADLINE = 60  # seconds that anything may take, unless it is meant to hang
PATIENCE = 2  # seconds to wait for a client after it has met what makes it hang
UNSEEN = {"file": "object", "other": "other object"}  # names of what is stored, but not listed
SETTLED = 10  # seconds after which the store must be as it should
SIZES = {"small": 300_000, "large": (9 << 20) + 77}
ACCESS_KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
CLIENTS_AT_A_TIME = 4 * os.cpu_count()


def main():
    with open(os.path.join(HERE, "uploads.json"), encoding="utf-8") as file:
        table = json.load(file)
    table["outcomes"] = {
        fault: {client: outcome for outcome, clients in row.items() for client in clients.split()}
        for fault, row in table["outcomes"].items()
    }
    for name, size in SIZES.items():
        with open(os.path.join(FOLDER, name), "wb") as file:
            file.write(random.Random(size).randbytes(size))
    make_reads()
    keep_to_this_machine()
    texts = [text_of(name + ".md") for name in ("open-humans", "object-store", "onecodex")]
    examples = {name: block for text in texts for name, block in examples_of(text).items()}
    boto3.client("s3", region_name="us-east-1")  # loads its data before the forks
    mocks = [Mock("plain"), Mock("tls", "--tls-self-signed", os.path.join(FOLDER, "tls"))]
    try:
        load_rules_of(texts, mocks[0])
        open_lane(mocks[0], "profile", {"profile": json.loads(examples["profile"])})
        cases = [
            Case(client, fault, mock, table, examples)
            for fault, row in table["outcomes"].items()
            for client in row
            if PYTHONS[table["clients"][client].get("by", "onecodex-1.2.0")] is not None
            for mock in mocks
        ]
        run_all(cases)
    finally:
        for mock in mocks:
            mock.stop()
    show(table, cases)


def make_reads():
    """Paired ends; the same as one file, of which records of both take turns; one compressed."""
    reads = random.Random(1)
    records = [[], []]
    for n in range(1000):
        for end in 0, 1:
            bases = "".join(reads.choices("ACGT", k=100))
            records[end].append(f"@read{n}/{end + 1}\n{bases}\n+\n{'I' * 100}\n".encode())
    files = {
        "reads_R1.fastq": b"".join(records[0]),
        "reads_R2.fastq": b"".join(records[1]),
        "reads.fastq": b"".join(b"".join(both) for both in zip(*records)),
        "reads.fastq.gz": gzip.compress(b"".join(records[0])),
    }
    for name, content in files.items():
        with open(os.path.join(FOLDER, name), "wb") as file:
            file.write(content)


def text_of(guide):
    with open(os.path.join(GUIDES, guide), encoding="utf-8") as file:
        return file.read()


def examples_of(text):
    """The blocks of a guide that have a name, by it."""
    block = re.compile(r"^```\w+ ([\w-]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return dict(block.findall(text))


def load_rules_of(texts, mock):
    """Those that the tables of the guides show must be rules."""
    rules = [json.loads(rule) for text in texts for rule in re.findall(r'`({"when".*})` \|', text)]
    assert len(rules) > 10
    named = [{"name": f"guide-{i}", **rule} for i, rule in enumerate(rules)]
    open_lane(mock, "guides", {"rules": named})


def open_lane(mock, name, config):
    answer = ask("PUT", f"{mock.control}/_mock/lanes/{name}", json=config)
    assert answer.ok, answer.text
    return answer.json()


class Mock:
    def __init__(self, name, *arguments):
        self.name = name
        self.ca = os.path.join(FOLDER, "tls", "ca.pem") if arguments else None
        log = os.path.join(FOLDER, name + ".log")
        command = [MOCK, "--profile", "openhumans,objects,onecodex", "--store", "memory"]
        command += ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", *arguments]
        with open(log, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        end = time.monotonic() + DEADLINE
        while True:
            with open(log, encoding="utf-8") as file:
                said = file.read()
            if re.search(r"^ready ", said, re.MULTILINE):
                break
            if time.monotonic() > end or self.process.poll() is not None:
                sys.exit(f"the mock did not become ready: {said}")
            time.sleep(0.02)
        self.control = re.search(r"^control (\S+)$", said, re.MULTILINE)[1]

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Hung(BaseException):
    """The client waits for ever: no Exception, which it could take for an error of its own."""


class Case:
    def __init__(self, client, fault, mock, table, examples):
        self.client, self.fault, self.mock = client, fault, mock
        self.how = table["clients"][client]
        self.rules = rules_of(table["faults"][fault], table["requests"])
        self.examples = examples
        both = table["outcomes"][fault][client].split(" / ")
        self.expected = both[0] if mock.ca is None else both[-1]
        large = fault in table["large"] or client in table["large"]
        self.file = os.path.join(FOLDER, "large" if large else "small")
        self.lane = f"{fault}.{client}"
        self.folder = os.path.join(FOLDER, mock.name, self.lane)
        self.outcome = "did not end"
        self.details = ""

    # ---- in the process of the case

    def run(self):
        os.makedirs(self.folder)
        os.chdir(self.folder)
        os.link(self.file, "test-file.bin")
        if self.how.get("prepared"):
            os.link(self.file, self.how["file"])
        for name in self.how.get("files", []):
            made = os.path.join(FOLDER, name)
            os.link(made if os.path.exists(made) else self.file, name)
        os.mkdir("folder")
        os.link(self.file, "folder/test-file.bin")
        set_environment(self.mock.ca)
        self.url = open_lane(self.mock, self.lane, {"listen": "127.0.0.1:0"})["listener"]
        for given in self.how.get("given", []):
            self.give(given)
        if self.rules:
            self.call("POST", "/_mock/rules", {"rules": self.rules}, lane=True)
        said = self.said()
        avoided = self.rules and not self.fired()
        self.call("DELETE", "/_mock/rules", lane=True)
        stored = self.settled(said)
        with open("outcome", "w", encoding="utf-8") as file:
            file.write(f"{said}: {stored}" + (", no fault met" if avoided else ""))
        self.call("DELETE", f"/_mock/lanes/{self.lane}")

    def give(self, name):
        """There before the client comes."""
        with open("test-file.bin", "rb") as file:
            if self.how["store"] == "openhumans":
                metadata = '{"tags": [], "description": ""}'
                ask(
                    "POST",
                    self.url + PROJECT + "files/upload/",
                    params=TOKEN,
                    data={"project_member_id": "12345678", "metadata": metadata},
                    files={"data_file": (name, file)},
                ).raise_for_status()
            else:
                url = signed(f"{self.url}/examplebucket/{name}", "PUT")
                ask("PUT", url, data=file).raise_for_status()

    def call(self, method, path, body=None, lane=False):
        where = self.mock.control + (f"/_lane/{self.lane}" if lane else "") + path
        answer = ask(method, where, json=body)
        assert answer.ok, f"{method} {where}: {answer.status_code} {answer.text}"
        return answer.json() if answer.text else None

    def fired(self):
        return any(rule["fired"] for rule in self.call("GET", "/_mock/rules", lane=True)["rules"])

    def said(self):
        """What the client said in the end."""
        end = time.monotonic() + DEADLINE
        met = False

        def on_alarm(_signal, _frame):
            nonlocal met
            alarm_after(0)
            if met or time.monotonic() > end:
                raise Hung
            met = self.fired()
            alarm_after(PATIENCE)

        signal.signal(signal.SIGALRM, on_alarm)
        alarm_after(PATIENCE if self.expected.startswith("hung") else DEADLINE)
        try:
            known = {}
            if "by" in self.how:
                self.run_by(PYTHONS[self.how["by"]])
            elif "python" in self.how:
                exec(self.example(self.how["python"]), known)
            if "bash" in self.how:
                command = ["bash", "-euo", "pipefail", "-c", self.example(self.how["bash"])]
                run(command, {"URL": known.get("url", "")})
            if "script" in self.how:
                run([os.path.join(HERE, self.how["script"])], {"BASE_URL": self.url})
            return "ok"
        except Hung:
            return "hung"
        except Exception as error:  # whatever type the client lets through
            traceback.print_exc()
            return words_of(error)
        finally:
            alarm_after(0)

    def run_by(self, python):
        with open("example", "w", encoding="utf-8") as file:
            file.write(self.example(self.how["python"]))
        run([python, os.path.join(HERE, "run_example.py")], {})
        if os.path.exists("said"):
            with open("said", encoding="utf-8") as file:
                raise Said(*json.load(file))

    def example(self, names):
        return "\n".join(self.examples[name] for name in names).replace(HOST, self.url)

    def settled(self, said):
        """What is stored: waits while it is not yet as expected."""
        end = time.monotonic() + SETTLED
        while True:
            stored = self.stored()
            if f"{said}: {stored}" == self.expected or time.monotonic() > end:
                return stored
            time.sleep(0.05)

    def stored(self):
        """As uploads.json explains it."""
        kept = self.how.get("kept", [self.how.get("file", "test-file.bin")])
        sent = [digest_of(name) for name in kept]
        found = collections.Counter()
        listed = set()
        if self.how["store"] == "openhumans":
            query = {**TOKEN, "project_member_id": "12345678"}
            answer = ask("GET", self.url + PROJECT + "exchange-member/", params=query)
            for entry in answer.json()["data"]:
                listed.update([str(entry["id"]), urlsplit(entry["download_url"]).path])
                found[look(entry["download_url"], sent[:1])] += 1
        if self.how["store"] == "onecodex":
            for url in self.downloads():
                listed.add(urlsplit(url).path)
                found[look(url, sent[:1]) if url else "record"] += 1
        objects = collections.Counter()
        for upload in self.call("GET", "/_mock/uploads?limit=1000", lane=True)["uploads"]:
            known = self.call("GET", f"/_mock/uploads/{upload['id']}", lane=True)["attributes"]
            if "key" in known:
                objects["/" + known["bucket"] + "/" + quote(known["key"])] += 1
            elif "file_id" in known:
                found["record"] += known["file_id"] not in listed
        for path, uploads in objects.items():
            state = "file" if path in listed else look(signed(self.url + path, "GET"), sent)
            if path not in listed and state != "rest":
                found[state if self.how["store"] == "objects" else UNSEEN[state]] += 1
            found["rest"] += uploads - (state != "rest")
        texts = [what if n == 1 else f"{n} {what}s" for what, n in sorted(found.items()) if n > 0]
        return " + ".join(texts) or "nothing"

    def downloads(self):
        """Of each sample and document of One Codex where its file is, "" if it has none."""
        for resource in "samples", "documents":
            answer = ask("GET", self.url + CODEX + resource, auth=CODEX_KEY)
            answer.raise_for_status()
            for entry in answer.json():
                uri = f"{self.url}{entry['$uri']}/download_uri"
                told = ask("POST", uri, auth=CODEX_KEY)
                yield told.json()["download_uri"] if told.ok else ""

    # ---- in the main process

    def start(self):
        sys.stdout.flush()
        self.log = os.path.join(FOLDER, f"{self.mock.name}.{self.lane}.log")
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                out = os.open(self.log, os.O_WRONLY | os.O_CREAT, 0o600)
                os.dup2(out, 1)
                os.dup2(out, 2)
                self.run()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        return pid

    def ended(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            self.details = file.read()
        outcome = os.path.join(self.folder, "outcome")
        if os.path.exists(outcome):
            with open(outcome, encoding="utf-8") as file:
                self.outcome = file.read()

    @property
    def right(self):
        return self.outcome == self.expected


def rules_of(fault, requests_by_name):
    """A fault is one rule for each kind of request that it is about."""
    if not fault:
        return []
    rest = {key: value for key, value in fault.items() if key not in ("of", "when")}
    return [
        {"name": f"rule-{i}", **rest, "when": {**kind, **fault.get("when", {})}}
        for i, kind in enumerate(requests_by_name[fault["of"]])
    ]


def signed(url, method):
    """By version 2, for an hour."""
    expires = int(time.time()) + 3600
    text = f"{method}\n\n\n{expires}\n{urlsplit(url).path}"
    signature = base64.b64encode(hmac.digest(SECRET, text.encode(), "sha1"))
    query = {"AWSAccessKeyId": ACCESS_KEY, "Expires": expires, "Signature": signature}
    return url + "?" + urlencode(query)


def ask(method, url, **options):
    return requests.request(method, url, timeout=DEADLINE, **options)


def keep_to_this_machine():
    """A client that took no notice of where it is pointed reaches nothing."""
    for name in "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY":
        os.environ[name] = "http://127.0.0.1:9"
    os.environ.update(no_proxy="127.0.0.1", NO_PROXY="127.0.0.1")
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def set_environment(ca):
    os.environ.update(HOME=os.getcwd(), HTTPIE_CONFIG_DIR=os.path.join(FOLDER, "httpie"))
    os.environ["TMPDIR"] = os.getcwd()
    os.environ["PATH"] = os.path.dirname(sys.executable) + ":" + os.environ["PATH"]
    if ca is not None:
        os.environ.update(CURL_CA_BUNDLE=ca, REQUESTS_CA_BUNDLE=ca, AWS_CA_BUNDLE=ca)


def alarm_after(seconds):
    """More than once: one that comes while OpenSSL is writing never gets here. 0: no more."""
    signal.setitimer(signal.ITIMER_REAL, seconds, min(seconds, PATIENCE))


class Failed(Exception):
    """A program ended with that status."""

    def __init__(self, status):
        super().__init__(f"exit {status}")
        self.status = status


def run(command, environment):
    environment = {**os.environ, **environment}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
        # A shell makes its background processes ignore SIGINT, and the client would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        status = process.wait()
    except Hung:
        interrupt(process)
        raise
    if status != 0:
        raise Failed(status)


def interrupt(process):
    """As who waits at a terminal does, who lets the client do what it does then."""
    for _ in range(3):  # a signal that comes while OpenSSL is writing is lost
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(SETTLED)
            return
        except subprocess.TimeoutExpired:
            pass
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Said(Exception):
    """The error of an example that another program ran."""

    WORDS = {
        "is experiencing connectivity issues": "connectivity issues",
        "Unknown connectivity issue with direct upload": "connectivity issue with direct upload",
        "Could not initialize upload": "could not initialize",
        "Callback could not be completed": "callback not completed",
        "Please add a payment method": "payment method",
    }

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind

    def words(self):
        text = str(self)
        if self.kind == "UploadException":
            return next((word for part, word in self.WORDS.items() if part in text), text)
        code = re.match(r"An error occurred \((\w+)\)", text)  # botocore's
        return code[1] if code else self.kind


def words_of(error):
    if isinstance(error, Said):
        return error.words()
    if isinstance(error, Failed):
        return "broken" if error.status in CURL_BROKEN else f"exit {error.status}"
    if isinstance(error, (requests.ConnectionError, botocore.exceptions.HTTPClientError)):
        return "broken"
    if isinstance(error, requests.HTTPError):
        return str(error.response.status_code)
    if isinstance(error, botocore.exceptions.ClientError):
        return error.response["Error"]["Code"]
    if isinstance(error, boto3.exceptions.S3UploadFailedError):
        return words_of(error.__context__)
    status = re.match(r"API response status code (\d+)", str(error))  # ohapi has no type for it
    return status[1] if status else type(error).__name__


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).digest()


def look(url, sent):
    answer = ask("GET", url)
    if not answer.ok:
        return "rest"
    return "file" if hashlib.sha256(answer.content).digest() in sent else "other"


def run_all(cases):
    os.makedirs(os.path.join(FOLDER, "httpie"))
    with open(os.path.join(FOLDER, "httpie", "config.json"), "w", encoding="utf-8") as file:
        json.dump({"default_options": ["--ignore-stdin"]}, file)
    waiting, running = list(reversed(cases)), {}
    while waiting or running:
        while waiting and len(running) < CLIENTS_AT_A_TIME:
            case = waiting.pop()
            running[case.start()] = case
        pid, _ = os.wait()
        if pid in running:
            running.pop(pid).ended()


def show(table, cases):
    for fault, outcomes in table["outcomes"].items():
        for client in outcomes:
            of = [case for case in cases if case.fault == fault and case.client == client]
            texts = dict.fromkeys(
                case.outcome if case.right else f"FAILED: {case.outcome}" for case in of
            )
            print(f"{fault:<17} {client:<16} " + " / ".join(texts))
    wrong = [case for case in cases if not case.right]
    for case in wrong:
        print(f"FAILED   {case.fault}, {case.client}, {case.mock.name}: expected {case.expected}")
        for line in case.details.splitlines()[-30:]:
            print("        ", line)
    with open(COUNTS, "w", encoding="utf-8") as file:
        file.write(f"{len(cases) - len(wrong)} {len(wrong)}\n")


main()
