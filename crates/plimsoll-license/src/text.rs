//! Licences told by their texts.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

/// The words that a licence's text has, and those that tell it from others like it: all of `has`, none of `lacks`.
struct Text {
    license: &'static str,
    has: &'static [&'static str],
    lacks: &'static [&'static str],
}

const MIT_GRANT: &str = "permission is hereby granted, free of charge, to any person obtaining a copy of this software and \
    associated documentation files";
const AS_IS: &str = "the software is provided \"as is\", without warranty of any kind";
const MIT_NOTICE: &str = "above copyright notice and this permission notice";
const NOT_EVIL: &str = "used for good, not evil";
const BSD_GRANT: &str = "redistribution and use in source and binary forms, with or without modification";
const ENDORSE: &str = "to endorse or promote products derived from this software";
const ADVERTISING: &str = "all advertising materials mentioning";

/// What no text has that is one of the common ones and nothing more: conditions that others add.
const ADDED: &[&str] = &[
    "commons clause",
    // Apache-1.1 and those made after it.
    "end-user documentation included",
    // PHP, OpenSSL, Apache-1.0: their names are not to be used.
    "may not be called",
    "redistributions of any form whatsoever",
    "nuclear",
    "hippocratic license",
    // BSD-3-Clause-Clear, BSD-2-Clause-Patent, BSD-3-Clause-LBNL.
    "no express or implied licenses to any party's patent rights",
    "hereby grants to those receiving rights under this license a perpetual",
    "under no obligation whatsoever to provide any bug fixes",
];

/// The licences of GNU. That one of them is there too.
const GNU: &[&str] = &[
    "gnu general public license",
    "gnu affero general public license",
    "gnu lesser general public license",
    "gnu library general public license",
];
/// These speak of the licences of GNU themselves; they are not the heads of their texts.
const SPEAK_OF_GNU: &[&str] = &["MPL-2.0", "EPL-2.0", "PSF-2.0"];

/// In lower case, with one space for any white space.
const TEXTS: &[Text] = &[
    Text {
        license: "Apache-2.0",
        has: &[
            "apache license version 2.0, january 2004",
            "terms and conditions for use, reproduction, and distribution",
        ],
        lacks: &[],
    },
    Text {
        license: "MIT",
        has: &[MIT_GRANT, AS_IS, MIT_NOTICE],
        lacks: &[
            "except as contained in this notice, the name",
            "advertising materials",
            NOT_EVIL,
        ],
    },
    Text {
        license: "MIT-0",
        has: &[
            MIT_GRANT,
            "to whom the software is furnished to do so. the software is provided \"as is\"",
        ],
        lacks: &[MIT_NOTICE, NOT_EVIL],
    },
    Text {
        license: "JSON",
        has: &[MIT_GRANT, AS_IS, MIT_NOTICE, NOT_EVIL],
        lacks: &[],
    },
    Text {
        license: "BSD-3-Clause",
        has: &[BSD_GRANT, ENDORSE],
        lacks: &[ADVERTISING],
    },
    Text {
        license: "BSD-4-Clause",
        has: &[BSD_GRANT, ADVERTISING],
        lacks: &[],
    },
    Text {
        license: "BSD-2-Clause",
        has: &[BSD_GRANT, "redistributions in binary form must reproduce"],
        lacks: &[ADVERTISING, ENDORSE],
    },
    Text {
        license: "ISC",
        has: &[
            "distribute this software for any purpose with or without fee is hereby granted, provided that the above \
             copyright notice and this permission notice appear in all copies",
        ],
        lacks: &[],
    },
    Text {
        license: "MPL-2.0",
        has: &["mozilla public license version 2.0", "1. definitions"],
        lacks: &[],
    },
    Text {
        license: "MPL-1.1",
        has: &["mozilla public license version 1.1", "1. definitions"],
        lacks: &[],
    },
    Text {
        license: "EPL-1.0",
        has: &["eclipse public license - v 1.0", "1. definitions"],
        lacks: &[],
    },
    Text {
        license: "EPL-2.0",
        has: &["eclipse public license - v 2.0", "1. definitions"],
        lacks: &[],
    },
    Text {
        license: "CDDL-1.0",
        has: &[
            "common development and distribution license (cddl) version 1.0",
            "1. definitions",
        ],
        lacks: &[],
    },
    Text {
        license: "Unlicense",
        has: &["this is free and unencumbered software released into the public domain"],
        lacks: &[],
    },
    Text {
        license: "Zlib",
        has: &[
            "this software is provided 'as-is', without any express or implied warranty",
            "altered source versions must be plainly marked as such",
        ],
        lacks: &[],
    },
    Text {
        license: "PSF-2.0",
        has: &["python software foundation license version 2"],
        lacks: &[],
    },
];

/// Where each phrase is looked for, made once: there are many, and a text is asked for nearly all of them.
struct Sought {
    license: &'static str,
    has: Vec<Finder<'static>>,
    lacks: Vec<Finder<'static>>,
}

static SOUGHT: LazyLock<Vec<Sought>> = LazyLock::new(|| {
    let texts = TEXTS.iter().map(|text| Sought {
        license: text.license,
        has: finders(text.has),
        lacks: finders(text.lacks),
    });
    texts.collect()
});
static ADDED_OR_GNU: LazyLock<Vec<Finder<'static>>> =
    LazyLock::new(|| finders(ADDED).into_iter().chain(finders(GNU)).collect());
static ADDED_OR_VERSION_OF_GNU: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| {
    let gnu = GNU
        .iter()
        .map(|name| Finder::new(&format!("{name} version")).into_owned());
    finders(ADDED).into_iter().chain(gnu).collect()
});

fn finders(phrases: &[&'static str]) -> Vec<Finder<'static>> {
    phrases.iter().map(|phrase| Finder::new(*phrase)).collect()
}

/// The SPDX identifier of the licence that a text is, such as a file `LICENSE` has; `None` where it is not one of the
/// common ones or more than one. Texts of the GNU licences are not told: they do not say whether later versions will do.
pub fn recognized(text: &str) -> Option<&'static str> {
    let text = in_lower_case_words(text);
    let has = |phrase: &Finder<'_>| phrase.find(text.as_bytes()).is_some();
    let is = |one: &&Sought| one.has.iter().all(has) && !one.lacks.iter().any(has);
    let mut found = SOUGHT.iter().filter(is);
    let license = found.next()?.license;
    let others = match SPEAK_OF_GNU.contains(&license) {
        true => &ADDED_OR_VERSION_OF_GNU,
        false => &ADDED_OR_GNU,
    };
    let is_alone = found.next().is_none() && !others.iter().any(has);
    is_alone.then_some(license)
}

/// `text` in lower case, with one space for any white space, and plain quotes.
fn in_lower_case_words(text: &str) -> String {
    let text = with_plain_characters(text);
    let mut words = Vec::with_capacity(text.len());
    let mut is_behind_space = false;
    for byte in text.bytes() {
        if matches!(byte, b'\t'..=b'\r' | b' ') {
            is_behind_space = !words.is_empty();
            continue;
        }
        if std::mem::take(&mut is_behind_space) {
            words.push(b' ');
        }
        words.push(byte.to_ascii_lowercase());
    }
    // Characters of several bytes are still whole.
    let words = String::from_utf8(words).unwrap_or_default();
    match memchr::memchr(b'`', words.as_bytes()) {
        Some(_) => words.replace("``as is''", "\"as is\""),
        None => words,
    }
}

/// `text` with the white space and the quotes of ASCII; letters that are not in ASCII are in lower case.
fn with_plain_characters(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain = |c: char| match c {
        '“' | '”' => '"',
        c if c.is_whitespace() => ' ',
        c => c,
    };
    text.chars().flat_map(char::to_lowercase).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIT: &str = "The MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy of this \
        software\nand associated documentation files (the \"Software\"), ...\nThe above copyright notice and this permission notice \
        shall be included in all copies ...\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT \
        WARRANTY OF ANY KIND, ...";
    const BSD: &str = "Redistribution and use in source and binary forms, with or without\nmodification, are permitted: \
        Redistributions in binary form must reproduce the above copyright notice.";

    #[test]
    fn white_space_quotes_and_case_do_not_count() {
        for (text, expected) in [
            (" \tA\r\n\u{b} B\u{a0}\u{3000}c ", "a b c"),
            ("“Ä” ``AS  IS'' ``x''", "\"ä\" \"as is\" ``x''"),
            ("\u{212a} \u{85}©", "k ©"),
            ("", ""),
            (" ", ""),
        ] {
            assert_eq!(in_lower_case_words(text), expected, "{text}");
        }
        let curly = MIT.replace("\"AS IS\"", "“AS\u{a0}IS”");
        assert_eq!(recognized(&curly), Some("MIT"));
        assert_eq!(recognized(&MIT.replace("\"AS IS\"", "``AS IS''")), Some("MIT"));
    }

    #[test]
    fn one_of_the_common_texts_is_told() {
        let endorse = format!(
            "{BSD} Neither the name may be used to endorse or promote products derived from this software."
        );
        let apache = "Apache License\n   Version 2.0, January 2004\n\n TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION\n";
        for (text, expected) in [
            (MIT, Some("MIT")),
            (BSD, Some("BSD-2-Clause")),
            (endorse.as_str(), Some("BSD-3-Clause")),
            (apache, Some("Apache-2.0")),
            ("see COPYING", None),
            ("", None),
        ] {
            assert_eq!(recognized(text), expected, "{text}");
        }
        // Several, as in a file for everything that is carried along.
        assert_eq!(recognized(&format!("{MIT}\n{apache}")), None);
    }

    #[test]
    fn near_misses_are_not_told_as_the_common_ones() {
        let endorse = format!(
            "{BSD} Neither the name may be used to endorse or promote products derived from this software."
        );
        let apache = "Apache License\n   Version 2.0, January 2004\n\n TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION\n";
        let mpl = "Mozilla Public License Version 2.0\n1. Definitions\n\"Secondary License\" means either the GNU General Public \
            License, Version 2.0, the GNU Lesser General Public License, Version 2.1, the GNU Affero General Public License, ...";
        let free = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated \
            documentation files (the \"Software\"), to permit persons to whom the Software is furnished to do so.\n\nTHE SOFTWARE IS \
            PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND";
        for (text, more, expected) in [
            (MIT, "", Some("MIT")),
            (free, "", Some("MIT-0")),
            (
                MIT,
                "The Software shall be used for Good, not Evil.",
                Some("JSON"),
            ),
            (mpl, "", Some("MPL-2.0")),
            (&endorse, "", Some("BSD-3-Clause")),
            (
                &endorse,
                "All advertising materials mentioning features",
                Some("BSD-4-Clause"),
            ),
            // Apache-1.1, PHP-3.01, OpenSSL, BSD-3-Clause-No-Nuclear-License, BSD-3-Clause-Clear.
            (
                &endorse,
                "The end-user documentation included with the redistribution, if any, must",
                None,
            ),
            (
                &endorse,
                "Products derived from this software may not be called \"PHP\"",
                None,
            ),
            (
                &endorse,
                "All advertising materials mentioning ... may not be called \"OpenSSL\"",
                None,
            ),
            (
                &endorse,
                "Redistributions of any form whatsoever must retain",
                None,
            ),
            (
                &endorse,
                "not designed, licensed or intended for use in the design of any nuclear facility",
                None,
            ),
            (
                &endorse,
                "NO EXPRESS OR IMPLIED LICENSES TO ANY PARTY'S PATENT RIGHTS ARE GRANTED",
                None,
            ),
            (
                BSD,
                "hereby grants to those receiving rights under this license a perpetual, worldwide",
                None,
            ),
            (apache, "\"Commons Clause\" License Condition v1.0", None),
            (MIT, "GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3", None),
            (MIT, "GNU LESSER GENERAL PUBLIC LICENSE\n Version 3", None),
            (
                MIT,
                "or the terms of the GNU General Public License, as you like",
                None,
            ),
            (mpl, "GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3", None),
            (
                MIT,
                "Except as contained in this notice, the name of the X Consortium",
                None,
            ),
        ] {
            assert_eq!(recognized(&format!("{text}\n{more}")), expected, "{text}\n{more}");
        }
    }
}
