# Hand-made tars, byte by byte as an attacker would write them; sourced by image.bats.

# tar_of FILE ENTRY…: each entry is KIND|NAME|REST, with KIND one of
#   dir file (REST: content) fill (bytes) link hard (target) fifo chr blk (major,minor)
#   type (a letter) owner (uid:gid) mode (octal) xattr (key=hex) claim (size announced, no data follows)
tar_of() {
	python3 - "$@" <<'END'
import io, sys, tarfile
out, entries = sys.argv[1], sys.argv[2:]
t = tarfile.open(out, "w", format=tarfile.PAX_FORMAT)
for e in entries:
    kind, name, rest = (e.split("|", 2) + ["", ""])[:3]
    i = tarfile.TarInfo(name)
    i.mode, i.mtime, data = 0o644, 1000000000, None
    if kind == "dir":
        i.type, i.mode = tarfile.DIRTYPE, 0o755
    elif kind == "file":
        data = rest.encode()
    elif kind == "fill":
        data = bytes(int(rest))
    elif kind in ("link", "hard"):
        i.type = tarfile.SYMTYPE if kind == "link" else tarfile.LNKTYPE
        i.linkname = rest
    elif kind == "fifo":
        i.type = tarfile.FIFOTYPE
    elif kind in ("chr", "blk"):
        i.type = tarfile.CHRTYPE if kind == "chr" else tarfile.BLKTYPE
        i.devmajor, i.devminor = map(int, rest.split(","))
    elif kind == "type":
        i.type = rest.encode()
        t.fileobj.write(i.tobuf(tarfile.GNU_FORMAT))
        t.offset = t.fileobj.tell()
        continue
    elif kind == "owner":
        i.uid, i.gid = map(int, rest.split(":"))
        data = b""
    elif kind == "mode":
        i.mode = int(rest, 8)
        data = b"x"
    elif kind == "xattr":
        key, value = rest.split("=")
        i.pax_headers = {"SCHILY.xattr." + key:
            bytes.fromhex(value).decode("utf-8", "surrogateescape")}
        data = b"x"
    elif kind == "claim":
        i.size = int(rest)
        t.fileobj.write(i.tobuf(tarfile.GNU_FORMAT))
        t.offset = t.fileobj.tell()
        continue
    else:
        sys.exit("unknown kind " + kind)
    i.size = len(data) if data else 0
    t.addfile(i, io.BytesIO(data) if data else None)
t.close()
END
}

# layout_of DIR REF TAR…: an OCI layout of these layers, uncompressed, named REF.
layout_of() {
	python3 - "$@" <<'END'
import hashlib, json, os, sys
top, ref, tars = sys.argv[1], sys.argv[2], sys.argv[3:]
os.makedirs(top + "/blobs/sha256", exist_ok=True)
def blob(data, media):
    digest = hashlib.sha256(data).hexdigest()
    open(f"{top}/blobs/sha256/{digest}", "wb").write(data)
    return {"mediaType": media, "digest": "sha256:" + digest, "size": len(data)}
o = "application/vnd.oci.image."
layers = [blob(open(t, "rb").read(), o + "layer.v1.tar") for t in tars]
config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/" + ref]},
    "rootfs": {"type": "layers", "diff_ids": [l["digest"] for l in layers]}}).encode(), o + "config.v1+json")
manifest = blob(json.dumps({"schemaVersion": 2, "config": config, "layers": layers}).encode(),
    o + "manifest.v1+json")
manifest["annotations"] = {"org.opencontainers.image.ref.name": ref}
index = {"schemaVersion": 2, "manifests": []}
if os.path.exists(top + "/index.json"):
    index = json.load(open(top + "/index.json"))
index["manifests"].append(manifest)
json.dump(index, open(top + "/index.json", "w"))
open(top + "/oci-layout", "w").write('{"imageLayoutVersion": "1.0.0"}')
END
}

# docker_of DIR NAME TAR…: what `docker save` would unpack to; CONFIG has further members of the config.
docker_of() {
	python3 - "$@" <<'END'
import hashlib, json, os, shutil, sys
top, name, tars = sys.argv[1], sys.argv[2], sys.argv[3:]
os.makedirs(top)
layers, diffs = [], []
for t in tars:
    digest = hashlib.sha256(open(t, "rb").read()).hexdigest()
    os.makedirs(f"{top}/{digest}", exist_ok=True)
    shutil.copy(t, f"{top}/{digest}/layer.tar")
    layers.append(digest + "/layer.tar")
    diffs.append("sha256:" + digest)
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"]},
    "rootfs": {"type": "layers", "diff_ids": diffs}} | json.loads(os.environ.get("CONFIG", "{}")),
    ensure_ascii=False).encode()
file = hashlib.sha256(config).hexdigest() + ".json"
open(f"{top}/{file}", "wb").write(config)
json.dump([{"Config": file, "RepoTags": [name], "Layers": layers}], open(top + "/manifest.json", "w"))
END
}
