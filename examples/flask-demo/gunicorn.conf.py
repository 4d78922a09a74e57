"""How gunicorn serves the application; it reads this file from its working directory."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '5000')}"

# One process, so that /metrics counts every request; threads, so that one slow client holds up nobody.
workers = 1
threads = 4

# The heartbeat file must be on a writable file system, also when the root file system is read-only.
worker_tmp_dir = "/dev/shm"
control_socket_disable = True

# Shorter than the ten seconds that a container is usually given to stop.
graceful_timeout = 8

# The application writes the access log itself. What gunicorn has to say goes to standard output as JSON too.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "app.JsonFormatter"}},
    "handlers": {
        "stdout": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"},
    },
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["stdout"], "propagate": False}},
    "root": {"level": "WARNING", "handlers": ["stdout"]},
}
