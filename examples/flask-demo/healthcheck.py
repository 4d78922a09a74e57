"""Asks the service in this container whether it is healthy: exit code 0 if so, 1 if not.

Standard library only. `http.client` is used and not `urllib.request`, because it starts faster and cannot be
sent to a proxy by the environment.
"""

import http.client
import os
import sys

TIMEOUT_SECONDS = 2


def problem(port):
    """What is wrong with the service on this port; None if it is healthy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port}: {error or type(error).__name__}"
    finally:
        connection.close()
    return None if status == 200 else f"status {status}"


def main():
    found = problem(int(os.environ.get("PORT", "5000")))
    print(f"unhealthy: {found}" if found else "healthy")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
