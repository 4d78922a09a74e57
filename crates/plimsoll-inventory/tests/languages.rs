//! Programs and packages as their own tools make them, in a tar and in an unpacked layer.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests say what fails and what they skip"
)]

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use plimsoll_core::{Digest, Package};
use plimsoll_image::{Image, ImageConfig, Layer, Store};
use plimsoll_inventory::Inventory;

fn inventory(layer: Layer) -> Inventory {
    let config = ImageConfig::default();
    let image = Image {
        id: Digest::of(b"test"),
        manifest_digest: None,
        config_bytes: Arc::from(config.to_vec()),
        config,
        references: Vec::new(),
        annotations: Default::default(),
        layers: vec![layer],
        name: "test".to_owned(),
    };
    Inventory::of(&image, None).unwrap()
}

/// `kind name version file`, in the inventory's order.
fn shown(inventory: &Inventory) -> Vec<String> {
    let show = |package: &Package| {
        let kind = package.ecosystem.purl_type();
        format!("{kind} {} {} {}", package.name, package.version, package.evidence)
    };
    inventory.packages.iter().map(show).collect()
}

/// What is found in the files below `root`: in a tar, in a compressed tar and in an unpacked layer.
fn found(root: &Path, dir: &Path) -> Vec<String> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.mode(tar::HeaderMode::Deterministic);
    builder.append_dir_all(".", root).unwrap();
    let bytes = builder.into_inner().unwrap();
    let plain = dir.join("layer.tar");
    fs::write(&plain, &bytes).unwrap();
    let in_tar = shown(&inventory(Layer::from_tar(&plain).unwrap()));

    let packed = dir.join("layer.tar.gz");
    let mut encoder =
        flate2::write::GzEncoder::new(File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &bytes).unwrap();
    encoder.finish().unwrap();
    assert_eq!(shown(&inventory(Layer::from_tar(&packed).unwrap())), in_tar);

    match Store::open(&dir.join("store")).and_then(|store| unpacked(&store, &plain)) {
        Ok(layer) => assert_eq!(shown(&inventory(layer)), in_tar),
        Err(error) => eprintln!("skipped: a layer cannot be unpacked here: {error}"),
    }
    in_tar
}

fn unpacked(store: &Store, tar: &Path) -> plimsoll_image::Result<Layer> {
    let config = ImageConfig::default();
    let image = store.import(Box::new(File::open(tar).unwrap()), tar, &config, &[], None)?;
    Ok(image.layers[0].clone())
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

#[test]
fn modules_of_a_go_program() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    let root = dir.path().join("root/usr/local/bin");
    fs::create_dir_all(source.join("dep")).unwrap();
    fs::create_dir_all(&root).unwrap();
    let write = |name: &str, text: &str| fs::write(source.join(name), text).unwrap();
    write(
        "go.mod",
        "module example.com/app\ngo 1.18\nrequire example.com/dep v1.2.3\nreplace example.com/dep => ./dep\n",
    );
    write(
        "main.go",
        "package main\nimport \"example.com/dep\"\nvar version string\nfunc main() { println(dep.X, version) }\n",
    );
    write("dep/go.mod", "module example.com/dep\n");
    write("dep/dep.go", "package dep\nvar X = 1\n");
    let go = || {
        let mut go = Command::new("go");
        go.current_dir(&source)
            .env("GOFLAGS", "-mod=mod")
            .env("GOPROXY", "off")
            .env("CGO_ENABLED", "0");
        go
    };
    let flags = [
        "build",
        "-buildvcs=false",
        "-ldflags",
        "-s -w -X main.version=1.4.0",
        "-o",
    ];
    if !succeeds(go().args(flags).arg(root.join("app")).arg(".")) {
        eprintln!("skipped: needs go 1.18 or later");
        return;
    }
    // Libraries need no permission to be run.
    let library = dir.path().join("root/opt/app/plugin.so");
    fs::create_dir_all(dir.path().join("root/opt/app")).unwrap();
    fs::write(&library, fs::read(root.join("app")).unwrap()).unwrap();
    fs::write(dir.path().join("root/opt/app/notes"), fs::read(&library).unwrap()).unwrap();
    let version = go().args(["env", "GOVERSION"]).output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    let version = version.trim().trim_start_matches("go");
    assert_eq!(
        found(&dir.path().join("root"), dir.path()),
        [
            "golang example.com/app 1.4.0 opt/app/plugin.so".to_owned(),
            "golang example.com/app 1.4.0 usr/local/bin/app".to_owned(),
            "golang example.com/dep (devel) opt/app/plugin.so".to_owned(),
            "golang example.com/dep (devel) usr/local/bin/app".to_owned(),
            format!("golang stdlib v{version} opt/app/plugin.so"),
            format!("golang stdlib v{version} usr/local/bin/app"),
        ]
    );
}

#[test]
fn archives_in_a_program_that_graalvm_made() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("opt")).unwrap();
    let list = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
        {"type":"library","group":"io.netty","name":"netty-codec-http2","version":"4.1.73.Final",
         "purl":"pkg:maven/io.netty/netty-codec-http2@4.1.73.Final"}]}"#;
    let mut compressed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut compressed, list.as_bytes()).unwrap();
    let build = |name: &str, bytes: &[u8]| {
        let source = dir.path().join("image.c");
        let text = format!(
            "unsigned char sbom[] = {{{}}};\nunsigned long sbom_length = sizeof sbom;\nint __svm_version_info = 1;\n\
             int main(void) {{ return 0; }}\n",
            bytes.iter().map(|byte| format!("{byte},")).collect::<String>()
        );
        fs::write(&source, text).unwrap();
        let program = root.join("opt").join(name);
        succeeds(
            Command::new("cc")
                .args(["-rdynamic", "-o"])
                .arg(program)
                .arg(source),
        )
    };
    let compressed = compressed.finish().unwrap();
    if !build("app", &compressed) || !build("damaged", &compressed[..40]) {
        eprintln!("skipped: needs a C compiler");
        return;
    }
    assert_eq!(
        found(&root, dir.path()),
        ["maven io.netty:netty-codec-http2 4.1.73.Final opt/app"]
    );
}

#[test]
fn packages_of_a_dotnet_application_in_one_file() {
    const SIGNATURE: [u8; 32] = [
        0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32, 0x13,
        0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
    ];
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("app")).unwrap();
    let bytes: String = SIGNATURE.iter().map(|byte| format!("{byte},")).collect();
    let source = dir.path().join("host.c");
    let text = format!(
        "volatile unsigned char placeholder[] = {{0,0,0,0,0,0,0,0,{bytes}}};\nint main(void) {{ return placeholder[0]; }}\n"
    );
    fs::write(&source, text).unwrap();
    let program = root.join("app/host");
    if !succeeds(Command::new("cc").arg("-o").arg(&program).arg(source)) {
        eprintln!("skipped: needs a C compiler");
        return;
    }
    let host = fs::read(&program).unwrap();
    let list = r#"{"runtimeTarget":{"name":"t"},"targets":{"t":{"App/1.0.0":{"runtime":{"App.dll":{}}},
        "Newtonsoft.Json/12.0.1":{"runtime":{"lib/Newtonsoft.Json.dll":{}}}}},
        "libraries":{"App/1.0.0":{"type":"project"},"Newtonsoft.Json/12.0.1":{"type":"package"}}}"#;
    let bundle = |list: &str| {
        let mut program = host.clone();
        program.resize(host.len() + (16 << 10), b'a');
        let offset = program.len() as u64;
        program.extend(list.as_bytes());
        let header = (program.len() as u64).to_le_bytes();
        program.extend([6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, b'i', b'd']);
        for number in [offset, list.len() as u64, 0, 0, 0] {
            program.extend(number.to_le_bytes());
        }
        let signature = program.windows(32).position(|bytes| bytes == SIGNATURE).unwrap();
        program[signature - 8..signature].copy_from_slice(&header);
        program
    };
    // It keeps its mode.
    fs::copy(&program, root.join("app/tool")).unwrap();
    fs::write(root.join("app/tool"), bundle(list)).unwrap();
    fs::copy(&program, root.join("app/damaged")).unwrap();
    fs::write(root.join("app/damaged"), bundle(&list[1..])).unwrap();
    assert_eq!(
        found(&root, dir.path()),
        [
            "nuget App 1.0.0 app/tool",
            "nuget Newtonsoft.Json 12.0.1 app/tool"
        ]
    );
}

#[test]
fn archives_and_well_known_programs() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("opt/app")).unwrap();
    let make = "import io, sys, zipfile\n\
        def jar(path, members, way):\n  z = zipfile.ZipFile(path, 'w', way)\n  for name, text in members: z.writestr(name, text)\n  \
          z.close()\n\
        def pom(a, v): return ('META-INF/maven/org.x/%s/pom.properties' % a, 'groupId=org.x\\nartifactId=%s\\nversion=%s\\n' % (a, v))\n\
        inner = io.BytesIO(); jar(inner, [pom('inner', '1.0')], zipfile.ZIP_DEFLATED)\n\
        for name, way in ('boot', zipfile.ZIP_STORED), ('web', zipfile.ZIP_DEFLATED):\n  \
          jar(sys.argv[1] + '/' + name + '.war', [pom(name, '2.0'), ('WEB-INF/lib/inner-1.0.jar', inner.getvalue())], way)\n";
    if !succeeds(
        Command::new("python3")
            .args(["-c", make])
            .arg(root.join("opt/app")),
    ) {
        eprintln!("skipped: needs python3");
        return;
    }
    // Large enough to be kept in a temporary file where the layer is compressed.
    let mut program = b"\x7fELF\x02\x01".to_vec();
    program.resize(9 << 20, 1);
    program.extend(b"\0nginx version: nginx/1.25.3\0");
    fs::write(root.join("opt/nginx"), &program).unwrap();
    assert_eq!(
        found(&root, dir.path()),
        [
            "maven org.x:boot 2.0 opt/app/boot.war",
            "maven org.x:inner 1.0 opt/app/boot.war",
            "maven org.x:inner 1.0 opt/app/web.war",
            "maven org.x:web 2.0 opt/app/web.war",
            "generic nginx 1.25.3 opt/nginx",
        ]
    );
}

#[test]
fn a_program_is_known_by_any_of_its_names() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("bin")).unwrap();
    let mut program = b"\x7fELF\x02\x01".to_vec();
    program.resize(8 << 10, 1);
    program.extend(b"\0BusyBox v1.37.0 (2026-05-13)\0");
    fs::write(root.join("bin/acpid"), &program).unwrap();
    for (name, content) in [("layer.tar", false), ("layer.tar.gz", true)] {
        let path = dir.path().join(name);
        let file = File::create(&path).unwrap();
        let level = flate2::Compression::fast();
        let out: Box<dyn std::io::Write> = match content {
            true => Box::new(flate2::write::GzEncoder::new(file, level)),
            false => Box::new(file),
        };
        let mut tar = tar::Builder::new(out);
        tar.append_path_with_name(root.join("bin/acpid"), "bin/acpid")
            .unwrap();
        for link in ["bin/busybox", "bin/busybox.real"] {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Link);
            header.set_size(0);
            tar.append_link(&mut header, link, "bin/acpid").unwrap();
        }
        drop(tar.into_inner().unwrap());
        let found = shown(&inventory(Layer::from_tar(&path).unwrap()));
        assert_eq!(found, ["generic busybox 1.37.0 bin/busybox"], "{name}");
    }
}
