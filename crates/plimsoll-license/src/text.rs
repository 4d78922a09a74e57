//! Licences told by their texts.

/// The words that a licence's text has, and those that tell it from others like it: all of `has`, none of `lacks`.
struct Text {
    license: &'static str,
    has: &'static [&'static str],
    lacks: &'static [&'static str],
}

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
        has: &[
            "permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated \
             documentation files",
            "the software is provided \"as is\", without warranty of any kind",
        ],
        lacks: &["except as contained in this notice, the name"],
    },
    Text {
        license: "BSD-3-Clause",
        has: &[
            "redistribution and use in source and binary forms, with or without modification",
            "to endorse or promote products derived from this software",
        ],
        lacks: &["all advertising materials mentioning"],
    },
    Text {
        license: "BSD-4-Clause",
        has: &[
            "redistribution and use in source and binary forms, with or without modification",
            "all advertising materials mentioning",
        ],
        lacks: &[],
    },
    Text {
        license: "BSD-2-Clause",
        has: &[
            "redistribution and use in source and binary forms, with or without modification",
            "redistributions in binary form must reproduce",
        ],
        lacks: &[
            "all advertising materials mentioning",
            "to endorse or promote products derived from this software",
        ],
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

/// The SPDX identifier of the licence that a text is, such as a file `LICENSE` has; `None` where it is not one of the
/// common ones or more than one. Texts of the GNU licences are not told: they do not say whether later versions will do.
pub fn recognized(text: &str) -> Option<&'static str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words
        .join(" ")
        .to_lowercase()
        .replace(['“', '”'], "\"")
        .replace("``as is''", "\"as is\"");
    let is = |one: &&Text| {
        one.has.iter().all(|words| text.contains(words))
            && !one.lacks.iter().any(|words| text.contains(words))
    };
    let mut found = TEXTS.iter().filter(is);
    let license = found.next()?.license;
    (found.next().is_none() && !text.contains("gnu general public license version")).then_some(license)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIT: &str = "The MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy of this \
        software\nand associated documentation files (the \"Software\"), ...\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT \
        WARRANTY OF ANY KIND, ...";
    const BSD: &str = "Redistribution and use in source and binary forms, with or without\nmodification, are permitted: \
        Redistributions in binary form must reproduce the above copyright notice.";

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
}
