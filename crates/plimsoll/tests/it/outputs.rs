//! What `build --output` and `save` write.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use serde_json::Value;

use crate::support::{Sandbox, needs_tool, text};

const TEXT: &str = "\
FROM busybox AS base
RUN echo one > /one && rm /etc/shadow && mkdir -m 0700 /closed
FROM scratch
COPY --from=base --chown=7:8 /one /files/one
COPY --from=base /closed /closed
COPY x /files/x
";

fn context(sandbox: &Sandbox) -> String {
    sandbox.folder("context", &[("Dockerfile", TEXT), ("x", "x\n")])
}

fn json(path: impl AsRef<std::path::Path>) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_files_of_an_image_go_into_a_folder_and_a_tar() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let context = context(&sandbox);
    sandbox.folder("out", &[("files/kept", "kept")]);
    sandbox.ok(&["build", "-o", "out", "-o", "type=tar,dest=out.tar", &context]);
    let out = sandbox.path("out");
    assert_eq!(fs::read_to_string(out.join("files/one")).unwrap(), "one\n");
    assert_eq!(fs::read_to_string(out.join("files/kept")).unwrap(), "kept");
    let metadata = fs::metadata(out.join("files/one")).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (7, 8));
    let tar = fs::read(sandbox.path("out.tar")).unwrap();
    let mut archive = tar::Archive::new(tar.as_slice());
    let names = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["closed/", "files/", "files/one", "files/x"]
    );

    let piped = sandbox.run(&["build", "--quiet", "-o", "-", &context]);
    assert!(
        piped.status.success() && piped.stdout == tar,
        "{}",
        text(&piped.stderr)
    );

    // What the base has and a later layer removes is not there.
    sandbox.ok(&[
        "build",
        "--target",
        "base",
        "-o",
        "type=local,dest=whole",
        &context,
    ]);
    let whole = sandbox.path("whole");
    assert!(!whole.join("etc/shadow").exists() && whole.join("bin/busybox").is_file());
    assert_eq!(fs::read_to_string(whole.join("one")).unwrap(), "one\n");
    let closed = fs::metadata(whole.join("closed")).unwrap();
    assert_eq!(closed.permissions().mode() & 0o7777, 0o700);
}

#[test]
fn archives_and_layouts_are_compressed_annotated_and_read_again() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let context = context(&sandbox);
    sandbox.ok(&[
        "build",
        "-t",
        "app:1",
        "--annotation",
        "org.x=own",
        "--annotation",
        "index:org.y=list",
        "--metadata-file",
        "metadata.json",
        "-o",
        "type=image,name=other:2",
        "-o",
        "type=docker,dest=docker.tar,compression=gzip",
        "-o",
        "type=oci,dest=oci.tar,compression=zstd",
        "-o",
        "type=oci,dest=layout,tar=false,compression=gzip,compression-level=9,annotation.org.z=here,name=named:3",
        &context,
    ]);
    let id = sandbox.inspect("app:1", "{{.Id}}");
    assert_eq!(sandbox.inspect("other:2", "{{.Id}}"), id);
    let layout = sandbox.path("layout");
    let index = json(layout.join("index.json"));
    assert_eq!(index["annotations"]["org.y"], "list");
    let descriptor = &index["manifests"][0];
    assert_eq!(
        descriptor["annotations"]["io.containerd.image.name"],
        "docker.io/library/named:3"
    );
    let digest = descriptor["digest"]
        .as_str()
        .unwrap()
        .trim_start_matches("sha256:");
    let manifest = json(layout.join("blobs/sha256").join(digest));
    assert_eq!(
        (
            &manifest["annotations"]["org.x"],
            &manifest["annotations"]["org.z"]
        ),
        (&"own".into(), &"here".into())
    );
    let layer = manifest["layers"][0]["mediaType"].as_str().unwrap();
    assert_eq!(layer, "application/vnd.oci.image.layer.v1.tar+gzip");
    let metadata = json(sandbox.path("metadata.json"));
    assert_eq!(metadata["containerimage.digest"], descriptor["digest"]);
    assert_eq!(metadata["containerimage.config.digest"], *id);
    assert_eq!(
        metadata["image.name"],
        "docker.io/library/app:1,docker.io/library/other:2"
    );

    for form in ["docker-archive", "oci-archive", "oci-dir"] {
        for compression in ["uncompressed", "gzip", "zstd"] {
            let file = format!("{form}-{compression}");
            sandbox.ok(&[
                "save",
                "-o",
                &file,
                "--format",
                form,
                "--compression",
                compression,
                "app:1",
            ]);
            if form != "oci-dir" {
                sandbox.ok(&["rmi", "-f", "app:1", "other:2"]);
                assert!(sandbox.ok(&["load", "-i", &file]).contains("app:1"));
                assert_eq!(sandbox.inspect("app:1", "{{.Id}}"), id);
                sandbox.ok(&["tag", "app:1", "other:2"]);
            }
            if needs_tool("skopeo") {
                let source = match form {
                    "oci-dir" => format!("oci:{file}"),
                    form => format!("{form}:{file}"),
                };
                let mut copy = Command::new("skopeo");
                copy.args([
                    "--insecure-policy",
                    "copy",
                    "-q",
                    &source,
                    &format!("dir:copy-{file}"),
                ]);
                let output = copy.current_dir(sandbox.path("")).output().unwrap();
                assert!(output.status.success(), "{file}: {}", text(&output.stderr));
            }
        }
    }
}

#[test]
fn what_cannot_be_written_is_said_before_anything_is_built() {
    let sandbox = Sandbox::new();
    let context = context(&sandbox);
    for (output, reason) in [
        ("type=registry,name=a", "not pushed"),
        ("type=oci,dest=x,rewrite-timestamp=true", "needs a time"),
        ("type=oci,dest=x,compression=lzma", "`lzma` is not supported"),
    ] {
        let (code, message) = sandbox.fails(&["build", "-o", output, &context]);
        assert!(code == 2 && message.contains(reason), "{code} {message}");
    }
}
