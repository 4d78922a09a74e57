"""A small Flask service that is easy to operate: health, metrics and structured logs.

It needs nothing but Flask. The counters live in this process, so it is run as one worker with several
threads (see gunicorn.conf.py).
"""

import json
import logging
import os
import sys
import threading
import time
from datetime import datetime, timezone

from flask import Flask, Response, g, jsonify, request

VERSION = os.environ.get("APP_VERSION", "0.0.0")
STARTED = time.time()

# The methods that get a label of their own: a client that makes up new ones must not fill the memory.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class JsonFormatter(logging.Formatter):
    """Writes a log record as one JSON object on one line."""

    def format(self, record):
        entry = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry.update(getattr(record, "fields", {}))
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def json_logger(name):
    """A logger that writes JSON lines on standard output."""
    logger = logging.getLogger(name)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonFormatter())
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger


class Metrics:
    """Request counts and durations, shown in the Prometheus text exposition format 0.0.4."""

    BUCKETS = (0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)

    def __init__(self):
        self.lock = threading.Lock()
        self.requests = {}
        self.buckets = [0] * len(self.BUCKETS)
        self.seconds = 0.0
        self.count = 0

    def observe(self, method, route, status, seconds):
        with self.lock:
            key = (method, route, status)
            self.requests[key] = self.requests.get(key, 0) + 1
            for index, bound in enumerate(self.BUCKETS):
                if seconds <= bound:
                    self.buckets[index] += 1
            self.seconds += seconds
            self.count += 1

    def exposition(self):
        with self.lock:
            lines = [
                "# HELP app_info The version that runs.",
                "# TYPE app_info gauge",
                f'app_info{{version="{escape(VERSION)}"}} 1',
                "# HELP process_start_time_seconds When the process started, in seconds since the epoch.",
                "# TYPE process_start_time_seconds gauge",
                f"process_start_time_seconds {STARTED:.3f}",
                "# HELP http_requests_total Requests answered.",
                "# TYPE http_requests_total counter",
            ]
            for (method, route, status), count in sorted(self.requests.items()):
                labels = f'method="{method}",route="{escape(route)}",status="{status}"'
                lines.append(f"http_requests_total{{{labels}}} {count}")
            lines += [
                "# HELP http_request_duration_seconds How long the answers took.",
                "# TYPE http_request_duration_seconds histogram",
            ]
            for bound, count in zip(self.BUCKETS, self.buckets):
                lines.append(f'http_request_duration_seconds_bucket{{le="{bound}"}} {count}')
            lines += [
                f'http_request_duration_seconds_bucket{{le="+Inf"}} {self.count}',
                f"http_request_duration_seconds_sum {self.seconds:.6f}",
                f"http_request_duration_seconds_count {self.count}",
            ]
        return "\n".join(lines) + "\n"


def escape(value):
    """A label value as the exposition format wants it."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


log = json_logger("app")
metrics = Metrics()
app = Flask(__name__)


@app.get("/")
def index():
    return jsonify(message="Hello from Flask", version=VERSION)


@app.get("/health")
def health():
    return jsonify(status="healthy", version=VERSION)


@app.get("/metrics")
def show_metrics():
    return Response(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


@app.before_request
def start_clock():
    g.started = time.perf_counter()


@app.after_request
def record_request(response):
    seconds = time.perf_counter() - g.started
    method = request.method if request.method in METHODS else "other"
    # Requests for paths that do not exist share one label, however many paths a client tries.
    route = request.url_rule.rule if request.url_rule else "unmatched"
    metrics.observe(method, route, response.status_code, seconds)
    fields = {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 3),
    }
    log.info("request", extra={"fields": fields})
    return response
