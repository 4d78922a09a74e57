"""validate.py KIND FILE...: holds documents against the schemas and rules of their specifications.

KIND is cyclonedx, spdx, sarif or gitlab. SARIF's schema is sarif-2.1.0.json in the folder $VALIDATORS.
"""

import json
import os
import re
import sys


def cyclonedx(file):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    with open(file) as text:
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.read())
    return [str(error)[:2000]] if error else []


def spdx(file):
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    messages = validate_full_spdx_document(parse_file(file), "SPDX-2.3")
    return [f"{one.validation_message} ({one.context.spdx_id})" for one in messages]


def sarif(file):
    import jsonschema

    with open(os.path.join(os.environ["VALIDATORS"], "sarif-2.1.0.json")) as text:
        schema = json.load(text)
    kind = jsonschema.validators.validator_for(schema)
    with open(file) as text:
        errors = kind(schema, format_checker=kind.FORMAT_CHECKER).iter_errors(json.load(text))
        return [f"{error.message[:300]} at {'/'.join(map(str, error.path))}" for error in errors]


def gitlab(file):
    """The schema itself is in no package; these are its requirements."""
    with open(file) as text:
        report = json.load(text)
    errors = []

    def must(good, what):
        if not good:
            errors.append(what)

    web = re.compile(r"^https?://.+")
    must(re.fullmatch(r"\d+\.\d+\.\d+", report["version"]), "version")
    scan = report["scan"]
    for time in ("start_time", "end_time"):
        must(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", scan[time]), time)
    must(scan["type"] == "container_scanning" and scan["status"] in ("success", "failure"), "type, status")
    for tool in ("analyzer", "scanner"):
        must(all(scan[tool][key] for key in ("id", "name", "version")) and scan[tool]["vendor"]["name"], tool)
    for message in scan["messages"]:
        must(message["level"] in ("info", "warn", "fatal") and message["value"], "message")
    ids = set()
    for found in report["vulnerabilities"]:
        must(found["id"] and found["id"] not in ids, "unique id")
        ids.add(found["id"])
        must(len(found["name"]) <= 255 and len(found["description"]) <= 1 << 20, "lengths")
        must(len(found.get("solution", "")) <= 7000, "solution")
        must(found["severity"] in ("Info", "Unknown", "Low", "Medium", "High", "Critical"), "severity")
        must(found["identifiers"], "identifiers")
        for one in found["identifiers"]:
            must(one["type"] and one["name"] and one["value"] and web.match(one["url"]), "identifier")
        must(all(web.match(link["url"]) for link in found["links"]), "links")
        location = found["location"]
        must(location["operating_system"] and location["image"], "location")
        dependency = location["dependency"]
        must(isinstance(dependency["package"]["name"], str) and isinstance(dependency["version"], str), "dependency")
        for detail in found["details"].values():
            must(detail["type"] == "text" and detail["name"] and isinstance(detail["value"], str), "detail")
    return errors


def main():
    kind, files = sys.argv[1], sys.argv[2:]
    failed = False
    for file in files:
        for error in {"cyclonedx": cyclonedx, "spdx": spdx, "sarif": sarif, "gitlab": gitlab}[kind](file):
            print(f"{file}: {error}")
            failed = True
    sys.exit(failed)


main()
