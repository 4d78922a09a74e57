//! Names of Java packages as Maven has them, told from file names and manifests where the archive does not say them.

use super::manifest::Manifest;

/// No part of a package's coordinates is longer.
const LONGEST: usize = 300;

/// A package's group, name and version; an empty text for what is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Coordinates {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: String,
}

impl Coordinates {
    /// `group:artifact`, or the artifact alone where no group is known.
    pub(super) fn name(&self) -> String {
        match self.group.is_empty() {
            true => self.artifact.clone(),
            false => format!("{}:{}", self.group, self.artifact),
        }
    }

    /// Whether it says which package it is.
    pub(super) fn is_known(&self) -> bool {
        // A build may leave its placeholders in: `${project.version}`.
        let is_plain = [&self.group, &self.artifact, &self.version]
            .iter()
            .all(|text| text.len() <= LONGEST && !text.contains("${"));
        is_plain && !self.artifact.is_empty() && !self.version.is_empty()
    }
}

/// The file name without its directories and its extension.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The artifact and the version in a file name such as `spring-core-5.3.4.jar`; without a version, the whole stem is the
/// artifact. Of several numbers, the last one with a point in it starts the version: `log4j-1.2-api-2.17.1`. But one that
/// goes on from the one before it does not: `1.0.5-beta-2.2`.
pub(super) fn from_file_name(path: &str) -> Coordinates {
    let stem = stem(path);
    let starts: Vec<usize> = stem
        .match_indices('-')
        .map(|(at, _)| at)
        .filter(|at| *at > 0 && starts_version(&stem[at + 1..]))
        .collect();
    let pointed = starts.iter().rfind(|at| {
        let number = stem[*at + 1..].trim_start_matches(|char: char| char.is_ascii_digit());
        // `1.0-20210101.123456-7` is one version, of a snapshot.
        let is_date = stem.len() - **at - 1 - number.len() == 8;
        number.starts_with('.') && !is_date && !stem[..**at].rsplit('-').next().is_some_and(is_qualifier)
    });
    match pointed.or(starts.first()) {
        Some(at) => Coordinates {
            group: String::new(),
            artifact: stem[..*at].to_owned(),
            version: stem[at + 1..].to_owned(),
        },
        None => Coordinates {
            artifact: stem.to_owned(),
            ..Coordinates::default()
        },
    }
}

/// Whether a number behind it goes on with the version before it: `beta` in `1.0-beta-2.1`.
fn is_qualifier(word: &str) -> bool {
    const WORDS: [&str; 14] = [
        "alpha",
        "beta",
        "b",
        "cr",
        "dev",
        "ga",
        "m",
        "milestone",
        "patch",
        "pre",
        "preview",
        "rc",
        "release",
        "sp",
    ];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// `1…`, `v1…`, `r1…`, `build1…`; what is one word with letters behind a `v` or an `r`, such as `r2dbc`, is none.
fn starts_version(text: &str) -> bool {
    let marked = ["v", "r", "build"]
        .iter()
        .find_map(|mark| text.strip_prefix(mark));
    let Some(number) = marked else {
        return text.starts_with(|first: char| first.is_ascii_digit());
    };
    let rest = number.trim_start_matches(|char: char| char.is_ascii_digit());
    rest.len() < number.len() && !rest.starts_with(|next: char| next.is_ascii_alphabetic())
}

/// What `pom.properties` says (Maven's archiver writes it).
pub(super) fn from_properties(text: &str) -> Coordinates {
    let mut found = Coordinates::default();
    for line in text.lines() {
        let line = line.trim();
        let Some((key, value)) = line.split_once(['=', ':']).filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let field = match key.trim() {
            "groupId" => &mut found.group,
            "artifactId" => &mut found.artifact,
            "version" => &mut found.version,
            _ => continue,
        };
        *field = value.trim().to_owned();
    }
    found
}

/// What the archive itself is, going by its file name and its manifest.
///
/// The manifest of a shaded archive may be that of anything in it. So a group is believed only where what it was taken
/// from has to do with the artifact's name, and where the archive is not `shaded` otherwise.
pub(super) fn guessed(path: &str, manifest: &Manifest, shaded: bool) -> Coordinates {
    let file = from_file_name(path);
    if let Some(plugin) = plugin(manifest, &file) {
        return plugin;
    }
    let symbolic = manifest.symbolic_name().unwrap_or_default();
    let has_version = !file.version.is_empty();
    let version = match file.version.is_empty() {
        true => manifest.version().unwrap_or_default().to_owned(),
        false => file.version,
    };
    let artifact = match file.artifact.is_empty() {
        true => symbolic.rsplit('.').next().unwrap_or_default().to_owned(),
        false => file.artifact,
    };
    let of_bundle = || bundled(symbolic, manifest).filter(|_| !has_version && !is_like(&artifact, symbolic));
    if let Some((group, artifact)) = qualified(&artifact, manifest).or_else(of_bundle) {
        return Coordinates {
            group: group.to_owned(),
            artifact: artifact.to_owned(),
            version,
        };
    }
    let group = group_of(&artifact).map(str::to_owned);
    let group = group
        .or_else(|| group_from(&artifact, manifest, shaded))
        .unwrap_or_default();
    Coordinates {
        group,
        artifact,
        version,
    }
}

/// A plugin of Jenkins, whose manifest says what it is (Jenkins' documentation, "Plugin structure").
fn plugin(manifest: &Manifest, file: &Coordinates) -> Option<Coordinates> {
    let group = manifest.get("Group-Id").filter(|group| is_group(group))?;
    let name = manifest
        .get("Short-Name")
        .or_else(|| manifest.get("Extension-Name"))?;
    Some(Coordinates {
        group: group.to_owned(),
        artifact: name.to_owned(),
        version: manifest.plugin_version().unwrap_or(&file.version).to_owned(),
    })
}

/// Group and artifact in `com.example.group.some-artifact`, as some tools call the archives that they put together. Only
/// where something else says that it is no artifact with points in its name: OSGi bundles are called like that, too.
fn qualified<'a>(name: &'a str, manifest: &Manifest) -> Option<(&'a str, &'a str)> {
    let starts_word = |(at, _): &(usize, &str)| name[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic());
    let (at, _) = name.match_indices('.').rfind(starts_word)?;
    let (group, artifact) = (&name[..at], &name[at + 1..]);
    let is_known =
        group_of(artifact) == Some(group) || manifest.get("Implementation-Vendor-Id") == Some(group);
    let is_bundle = group.starts_with("org.eclipse") || group.ends_with(".bundles");
    let is_compound = artifact.contains(['-', '_']) && !is_bundle && manifest.symbolic_name() != Some(name);
    (is_group(group) && (is_known || is_compound)).then_some((group, artifact))
}

/// Group and artifact of a bundle that Maven's plugin made, which calls it `GROUP.ARTIFACT`: what a file is that was
/// renamed.
fn bundled<'a>(symbolic: &'a str, manifest: &Manifest) -> Option<(&'a str, &'a str)> {
    let is_mavens = manifest
        .get("Created-By")
        .is_some_and(|maker| maker.starts_with("Apache Maven Bundle Plugin"));
    let (group, artifact) = symbolic.rsplit_once('.')?;
    // An artifact that begins like the last part of its group has lost that part.
    (is_mavens && is_group(group) && artifact.contains('-')).then_some((group, artifact))
}

/// The group that the manifest lets one suppose.
fn group_from(artifact: &str, manifest: &Manifest, shaded: bool) -> Option<String> {
    let stated = manifest
        .get("Implementation-Vendor-Id")
        .filter(|id| is_group(id) && !shaded);
    let names = [manifest.symbolic_name(), manifest.get("Automatic-Module-Name")];
    let derived = || {
        names
            .into_iter()
            .flatten()
            .find_map(|name| group_in(artifact, name))
    };
    stated.map(str::to_owned).or_else(derived)
}

/// The group in a module's name: what is before the artifact, `com.a.b` in `com.a.b.c` for `c`, or the whole name without
/// its last part, if that is like a part of the artifact: `org.apache.commons` in `org.apache.commons.lang3` for
/// `commons-lang3`.
fn group_in(artifact: &str, name: &str) -> Option<String> {
    let named = name
        .strip_suffix(artifact)
        .and_then(|group| group.strip_suffix('.'));
    let derived = || name.rsplit_once('.').filter(|(_, last)| is_like(artifact, last));
    let before = named.or_else(|| derived().map(|(group, _)| group))?;
    is_group(before).then(|| before.to_owned())
}

/// Whether one of two names holds the other's beginning, whatever their case and their numbers.
fn is_like(artifact: &str, part: &str) -> bool {
    let letters = |text: &str| -> String {
        let kept = text.chars().filter(char::is_ascii_alphabetic);
        kept.map(|char| char.to_ascii_lowercase()).collect()
    };
    let (artifact, part) = (letters(artifact), letters(part));
    !artifact.is_empty() && !part.is_empty() && (artifact.contains(&part) || part.contains(&artifact))
}

/// Whether it has the form of a group: a domain turned around.
fn is_group(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let first = text.split('.').next().unwrap_or_default();
    const FIRST: [&str; 22] = [
        "com", "org", "io", "net", "edu", "gov", "de", "uk", "fr", "dev", "me", "ch", "at", "nl", "ru", "cz",
        "jp", "tech", "info", "javax", "jakarta", "software",
    ];
    text.contains('.') && text.bytes().all(is_plain) && FIRST.contains(&first)
}

/// The groups of well-known packages whose archives do not say theirs: they are not made with Maven, or without its
/// properties. A name that ends with `*` stands for all that begin so; the first that fits counts.
const GROUPS: &[(&str, &str)] = &[
    ("spring-boot*", "org.springframework.boot"),
    ("spring-security*", "org.springframework.security"),
    ("spring-cloud-gateway*", "org.springframework.cloud"),
    ("spring-cloud*", "org.springframework.cloud"),
    ("spring-data*", "org.springframework.data"),
    ("spring-batch*", "org.springframework.batch"),
    ("spring-integration*", "org.springframework.integration"),
    ("spring-kafka*", "org.springframework.kafka"),
    ("spring-amqp*", "org.springframework.amqp"),
    ("spring-rabbit*", "org.springframework.amqp"),
    ("spring-session*", "org.springframework.session"),
    ("spring-ldap*", "org.springframework.ldap"),
    ("spring-retry", "org.springframework.retry"),
    ("spring-hateoas", "org.springframework.hateoas"),
    ("spring-vault*", "org.springframework.vault"),
    ("spring-ws*", "org.springframework.ws"),
    ("spring-xml", "org.springframework.ws"),
    ("spring-plugin*", "org.springframework.plugin"),
    ("spring-graphql*", "org.springframework.graphql"),
    ("spring-restdocs*", "org.springframework.restdocs"),
    ("spring-webflow*", "org.springframework.webflow"),
    ("spring-*", "org.springframework"),
    ("tomcat-embed*", "org.apache.tomcat.embed"),
    ("tomcat-*", "org.apache.tomcat"),
    ("catalina", "org.apache.tomcat"),
    ("catalina-*", "org.apache.tomcat"),
    ("jasper", "org.apache.tomcat"),
    ("jasper-el", "org.apache.tomcat"),
    ("ant", "org.apache.ant"),
    ("ant-*", "org.apache.ant"),
    ("ivy", "org.apache.ivy"),
    ("lucene-*", "org.apache.lucene"),
    ("solr-*", "org.apache.solr"),
    ("kafka-*", "org.apache.kafka"),
    ("kafka_*", "org.apache.kafka"),
    ("connect-*", "org.apache.kafka"),
    ("elasticsearch", "org.elasticsearch"),
    ("elasticsearch-rest-*", "org.elasticsearch.client"),
    ("elasticsearch-*", "org.elasticsearch"),
    ("opensearch", "org.opensearch"),
    ("opensearch-*", "org.opensearch"),
    ("kotlin-*", "org.jetbrains.kotlin"),
    ("gson", "com.google.code.gson"),
    ("tink*", "com.google.crypto.tink"),
    ("guava", "com.google.guava"),
    ("jsr305", "com.google.code.findbugs"),
    ("jcommander", "com.beust"),
    ("libthrift", "org.apache.thrift"),
    ("libfb303", "org.apache.thrift"),
    ("zookeeper*", "org.apache.zookeeper"),
    ("poi", "org.apache.poi"),
    ("poi-*", "org.apache.poi"),
    ("xmlbeans", "org.apache.xmlbeans"),
    ("batik-*", "org.apache.xmlgraphics"),
    ("fop", "org.apache.xmlgraphics"),
    ("fop-*", "org.apache.xmlgraphics"),
    ("xmlsec", "org.apache.santuario"),
    ("cxf-*", "org.apache.cxf"),
    ("derby*", "org.apache.derby"),
    ("junit-jupiter*", "org.junit.jupiter"),
    ("junit-platform-*", "org.junit.platform"),
    ("RoaringBitmap", "org.roaringbitmap"),
    ("rocksdbjni", "org.rocksdb"),
    ("snappy-java", "org.xerial.snappy"),
    ("sqlite-jdbc", "org.xerial"),
    ("snakeyaml", "org.yaml"),
    ("xstream", "com.thoughtworks.xstream"),
    ("liquibase-core", "org.liquibase"),
    ("flyway-*", "org.flywaydb"),
    ("hazelcast*", "com.hazelcast"),
    ("undertow-*", "io.undertow"),
    ("wiremock-standalone", "org.wiremock"),
    ("wiremock-jre8*", "com.github.tomakehurst"),
    ("objenesis", "org.objenesis"),
    ("oro", "oro"),
    ("stax-api", "stax"),
    ("bsh", "org.beanshell"),
    ("c3p0", "com.mchange"),
    ("HikariCP*", "com.zaxxer"),
    ("kotlinx-*", "org.jetbrains.kotlinx"),
    ("scala-library", "org.scala-lang"),
    ("scala-reflect", "org.scala-lang"),
    ("scala-compiler", "org.scala-lang"),
    ("hibernate-validator*", "org.hibernate.validator"),
    ("hibernate-search*", "org.hibernate.search"),
    ("hibernate-commons-annotations", "org.hibernate.common"),
    ("hibernate-*", "org.hibernate"),
    ("bcprov-*", "org.bouncycastle"),
    ("bcpkix-*", "org.bouncycastle"),
    ("bcutil-*", "org.bouncycastle"),
    ("bcpg-*", "org.bouncycastle"),
    ("bctls-*", "org.bouncycastle"),
    ("bcmail-*", "org.bouncycastle"),
    ("bc-fips", "org.bouncycastle"),
    ("grpc-*", "io.grpc"),
    ("micrometer-*", "io.micrometer"),
    ("reactor-netty*", "io.projectreactor.netty"),
    ("reactor-*", "io.projectreactor"),
    ("rsocket-*", "io.rsocket"),
    ("opentelemetry-*", "io.opentelemetry"),
    ("rxjava", "io.reactivex"),
    ("okhttp", "com.squareup.okhttp3"),
    ("okhttp-*", "com.squareup.okhttp3"),
    ("logging-interceptor", "com.squareup.okhttp3"),
    ("okio", "com.squareup.okio"),
    ("okio-jvm", "com.squareup.okio"),
    ("retrofit", "com.squareup.retrofit2"),
    ("converter-*", "com.squareup.retrofit2"),
    ("h2", "com.h2database"),
    ("hsqldb", "org.hsqldb"),
    ("postgresql", "org.postgresql"),
    ("mariadb-java-client", "org.mariadb.jdbc"),
    ("mysql-connector-java", "mysql"),
    ("mysql-connector-j", "com.mysql"),
    ("mssql-jdbc", "com.microsoft.sqlserver"),
    ("ojdbc*", "com.oracle.database.jdbc"),
    ("mongodb-driver-*", "org.mongodb"),
    ("bson", "org.mongodb"),
    ("cassandra-driver-core", "com.datastax.cassandra"),
    ("groovy", "org.codehaus.groovy"),
    ("groovy-*", "org.codehaus.groovy"),
    ("rhino", "org.mozilla"),
    ("jython*", "org.python"),
    ("jruby-*", "org.jruby"),
    ("log4j", "log4j"),
    ("junit", "junit"),
    ("hamcrest*", "org.hamcrest"),
    ("mockito-*", "org.mockito"),
    ("xalan", "xalan"),
    ("serializer", "xalan"),
    ("xercesImpl", "xerces"),
    ("xml-apis", "xml-apis"),
    ("dom4j", "org.dom4j"),
    ("jsoup", "org.jsoup"),
    ("json", "org.json"),
    ("nimbus-jose-jwt", "com.nimbusds"),
    ("quartz", "org.quartz-scheduler"),
    ("freemarker", "org.freemarker"),
    ("velocity", "org.apache.velocity"),
    ("struts2-*", "org.apache.struts"),
    ("wicket-*", "org.apache.wicket"),
    ("jta", "javax.transaction"),
    ("activation", "javax.activation"),
    ("mail", "javax.mail"),
    ("servlet-api", "javax.servlet"),
    ("jsp-api", "javax.servlet.jsp"),
    ("aspectjweaver", "org.aspectj"),
    ("aspectjrt", "org.aspectj"),
    ("testng", "org.testng"),
    ("jna", "net.java.dev.jna"),
    ("jna-platform", "net.java.dev.jna"),
    ("jettison", "org.codehaus.jettison"),
    ("jetty-*", "org.eclipse.jetty"),
    ("jackson-core-asl", "org.codehaus.jackson"),
    ("jackson-mapper-asl", "org.codehaus.jackson"),
];

fn group_of(artifact: &str) -> Option<&'static str> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => artifact.starts_with(prefix),
        None => artifact == pattern,
    };
    GROUPS
        .iter()
        .find(|(pattern, _)| fits(pattern))
        .map(|(_, group)| *group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names() {
        for (path, artifact, version) in [
            ("lib/spring-core-5.3.4.jar", "spring-core", "5.3.4"),
            ("a/guava-31.1-jre.jar", "guava", "31.1-jre"),
            ("log4j-1.2-api-2.17.1.jar", "log4j-1.2-api", "2.17.1"),
            ("x-1.0-20210101.123456-7.jar", "x", "1.0-20210101.123456-7"),
            ("guava-r09.jar", "guava", "r09"),
            ("app.war", "app", ""),
            ("x-1.0-SNAPSHOT.jar", "x", "1.0-SNAPSHOT"),
            ("commons-lang3.jar", "commons-lang3", ""),
            ("kafka_2.13-3.1.0.jar", "kafka_2.13", "3.1.0"),
            ("-1.jar", "-1", ""),
            (
                "wagon-1.0.2-beta-2.2.3a-hudson.jar",
                "wagon",
                "1.0.2-beta-2.2.3a-hudson",
            ),
            ("jelly-1.1-hudson-20100305.jar", "jelly", "1.1-hudson-20100305"),
            ("tidy-4aug2000r7-dev-1.jar", "tidy", "4aug2000r7-dev-1"),
            ("ssh2-build212-hudson-5.jar", "ssh2", "build212-hudson-5"),
            (
                "saaj-api_1.4_spec-1.0.2.Final.jar",
                "saaj-api_1.4_spec",
                "1.0.2.Final",
            ),
            ("pool-r2dbc.jar", "pool-r2dbc", ""),
            ("data-r2dbc-1.1.0.RELEASE.jar", "data-r2dbc", "1.1.0.RELEASE"),
            ("", "", ""),
        ] {
            let found = from_file_name(path);
            assert_eq!(
                (found.artifact.as_str(), found.version.as_str()),
                (artifact, version),
                "{path}"
            );
        }
    }

    #[test]
    fn guesses() {
        let guess = |path: &str, manifest: &str| {
            let found = guessed(path, &Manifest::parse(manifest.as_bytes()), false);
            (found.name(), found.version)
        };
        let is = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(
            guess("spring-web-5.3.1.jar", "Implementation-Title: spring-web\n"),
            is("org.springframework:spring-web", "5.3.1")
        );
        assert_eq!(
            guess(
                "x.jar",
                "Implementation-Vendor-Id: com.example\nImplementation-Version: 2\n"
            ),
            is("com.example:x", "2")
        );
        assert_eq!(
            guess(
                "core-1.jar",
                "Bundle-SymbolicName: org.example.thing.core;singleton:=true\n"
            ),
            is("org.example.thing:core", "1")
        );
        let commons = "Bundle-SymbolicName: org.apache.commons.lang3\n";
        assert_eq!(
            guess("commons-lang3-3.9.jar", commons),
            is("org.apache.commons:commons-lang3", "3.9")
        );
        let jenkins =
            "Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 4.11.0 (private-1)\n";
        let plugin = is("org.jenkins-ci.plugins:git", "4.11.0");
        assert_eq!(guess("plugins/git.jpi", jenkins), plugin);
        // The manifest of something else.
        let other = "Bundle-SymbolicName: org.yaml.snakeyaml\nImplementation-Vendor-Id: org.glassfish\n";
        assert_eq!(guess("app-1.jar", other), is("org.glassfish:app", "1"));
        let shaded = guessed("app-1.jar", &Manifest::parse(other.as_bytes()), true);
        assert_eq!(shaded.name(), "app");
        assert_eq!(guess("lib-1.jar", "Automatic-Module-Name: lib\n"), is("lib", "1"));
        for (path, expected) in [
            (
                "com.example.tools.tools-api.jar",
                ("com.example.tools:tools-api", ""),
            ),
            (
                "com.example.akka.actor_2.13-2.6.20.jar",
                ("com.example.akka:actor_2.13", "2.6.20"),
            ),
            (
                "com.google.guava.guava-31.1-jre.jar",
                ("com.google.guava:guava", "31.1-jre"),
            ),
            ("http4s-crypto_2.12-0.1.0.jar", ("http4s-crypto_2.12", "0.1.0")),
            (
                "org.eclipse.ant.core-3.7.0.jar",
                ("org.eclipse.ant.core", "3.7.0"),
            ),
            (
                "org.example.bundles.spring-beans-5.jar",
                ("org.example.bundles.spring-beans", "5"),
            ),
        ] {
            assert_eq!(guess(path, ""), is(expected.0, expected.1), "{path}");
        }
        assert_eq!(
            guess(
                "com.example.config-1.jar",
                "Implementation-Vendor-Id: com.example\n"
            ),
            is("com.example:config", "1")
        );
        let mavens = "Created-By: Apache Maven Bundle Plugin 5.1\nBundle-SymbolicName: com.example.gadgets.gadgets-api\nBundle-Version: 1.2\n";
        assert_eq!(
            guess("omg.jar", mavens),
            is("com.example.gadgets:gadgets-api", "1.2")
        );
        assert_eq!(guess("omg-3.jar", mavens), is("omg", "3"));
        let bundle = "Bundle-SymbolicName: org.example.some-bundle\n";
        assert_eq!(
            guess("org.example.some-bundle-1.jar", bundle),
            is("org.example:org.example.some-bundle", "1")
        );
        assert_eq!(guess("lib.jar", ""), is("lib", ""));
    }

    #[test]
    fn properties() {
        let found = from_properties("#Created\r\nversion=1.2\r\ngroupId = org.a\nartifactId=b\n");
        assert_eq!(
            (found.name().as_str(), found.version.as_str()),
            ("org.a:b", "1.2")
        );
        assert!(!from_properties("groupId=a\n").is_known());
        let left = from_properties("groupId=a\nartifactId=b\nversion=${project.version}\n");
        assert!(!left.is_known());
    }
}
