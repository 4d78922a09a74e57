#!/usr/bin/env bash
# make-databases.sh OUT: RPM databases of the same few packages in every format that RPM has had, as
# OUT/{rpmdb.sqlite,Packages,Packages.db}. RPM makes the first; Berkeley DB's own tool makes the second of the same
# headers, and the third is written out here after `rpmpkg.c`, because Debian's RPM writes neither. Needs rpmbuild, rpm,
# sqlite3, db5.3_load and python3 (Debian's rpm, sqlite3, db5.3-util, python3).
set -euo pipefail
out=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/all.spec" <<'SPEC'
Name: plain
Version: 1.0
Release: 1.el9
Summary: A package with two files
License: MIT AND Apache-2.0
%description
-
%files
/usr/bin/plain
/usr/lib/python3.9/site-packages/plain-1.0.dist-info/METADATA
%package -n stream
Epoch: 2
Version: 18.20.2
Release: 1.module+el9
Summary: A package of a module
ModularityLabel: nodejs:18:9030020240422:a75119d5:x86_64
%description -n stream
-
%files -n stream
%package -n many
Summary: A package with so many files that its header needs several pages
%description -n many
-
%files -n many
/usr/share/many
%install
install -D /dev/null %{buildroot}/usr/bin/plain
install -D /dev/null %{buildroot}/usr/lib/python3.9/site-packages/plain-1.0.dist-info/METADATA
mkdir -p %{buildroot}/usr/share/many
for number in $(seq 60); do : > %{buildroot}/usr/share/many/file-number-$number; done
SPEC
export SOURCE_DATE_EPOCH=1700000000
build=(--target x86_64-linux --define "_topdir $work/build" --define "_buildhost localhost"
    --define "use_source_date_epoch_as_buildtime 1" --define "clamp_mtime_to_source_date_epoch 1"
    --define "debug_package %{nil}" --define "__os_install_post %{nil}")
rpmbuild "${build[@]}" -bb "$work/all.spec" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
mkdir -p "$out"
rpm --define "_db_backend sqlite" --dbpath "$work/db" -i --justdb --nodeps --noscripts --ignorearch --ignoreos \
    "$work"/build/RPMS/x86_64/*.rpm 2>"$work/log" || { cat "$work/log"; exit 1; }
cp "$work/db/rpmdb.sqlite" "$out"
sqlite3 -separator ' ' "$out/rpmdb.sqlite" "select hnum, lower(hex(blob)) from Packages" >"$work/headers"
{
    printf 'VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END\n 00000000\n 04000000\n'
    while read -r number header; do printf ' %02x000000\n %s\n' "$number" "$header"; done <"$work/headers"
    printf 'DATA=END\n'
} | db5.3_load "$out/Packages"
python3 - "$work/headers" "$out/Packages.db" <<'PYTHON'
import struct, sys, zlib
headers = [line.split() for line in open(sys.argv[1])]
headers = [(int(number), bytes.fromhex(text)) for number, text in headers]
slots, blobs = b"", b""
for number, header in headers:
    start = struct.pack("<4sIII", b"BlbS", number, 1, len(header)) + header
    padding = -(len(start) + 12) % 16
    checked = start + bytes(padding)
    blob = checked + struct.pack("<II4s", zlib.adler32(checked), len(header), b"BlbE")
    slots += struct.pack("<4sIII", b"Slot", number, (4096 + len(blobs)) // 16, len(blob) // 16)
    blobs += blob
free = struct.pack("<4sIII", b"Slot", 0, 0, 0)
table = struct.pack("<4sIIIIIII", b"RpmP", 0, 1, 1, len(headers) + 1, 0, 0, 0) + slots
open(sys.argv[2], "wb").write(table + free * ((4096 - len(table)) // 16) + blobs)
PYTHON
