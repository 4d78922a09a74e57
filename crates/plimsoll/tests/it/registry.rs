use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::support::{Sandbox, eventually, get, needs_tool, text};

/// A registry on this machine, ended with the test.
struct Registry {
    process: Child,
    port: u16,
}

impl Registry {
    fn start(sandbox: &Sandbox) -> Option<Self> {
        if !["docker-registry", "skopeo"].into_iter().all(needs_tool) {
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let data = sandbox.path("registry");
        let config = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            data.display()
        );
        std::fs::write(sandbox.path("registry.yml"), config).unwrap();
        let mut command = Command::new("docker-registry");
        command
            .arg("serve")
            .arg(sandbox.path("registry.yml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let registry = Self {
            process: command.spawn().unwrap(),
            port,
        };
        eventually("the registry to answer", || get(port, "/v2/").is_some());
        Some(registry)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_image_is_pulled_and_built_on() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let Some(registry) = Registry::start(&sandbox) else {
        return;
    };
    let name = format!("127.0.0.1:{}/base/busybox:1", registry.port);
    sandbox.ok(&["save", "-o", "busybox.tar", "busybox"]);
    let archive = format!("docker-archive:{}", sandbox.path("busybox.tar").display());
    let copied = Command::new("skopeo")
        .args([
            "--insecure-policy",
            "copy",
            "--dest-tls-verify=false",
            &archive,
            &format!("docker://{name}"),
        ])
        .output()
        .unwrap();
    assert!(copied.status.success(), "{}", text(&copied.stderr));
    let layers = sandbox.inspect("busybox", "{{json .RootFS.Layers}}");

    let other = Sandbox::new();
    let context = other.folder(
        "on-top",
        &[("Dockerfile", &format!("FROM {name}\nRUN echo built > /mark\n"))],
    );
    other.ok(&["build", "-t", "on-top", &context]);
    assert_eq!(other.inspect(&name, "{{json .RootFS.Layers}}"), layers);
    assert_eq!(other.ok(&["run", "--rm", "on-top", "cat", "/mark"]), "built\n");
    let (code, message) = other.fails(&["pull", &format!("127.0.0.1:{}/no/such:image", registry.port)]);
    assert!(code == 3 && message.contains("no/such:image"), "{message}");
}
