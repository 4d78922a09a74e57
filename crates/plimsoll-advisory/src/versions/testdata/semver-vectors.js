// Writes semver-vectors.tsv: what npm's own `semver` says of versions and ranges.
//
//     npm install semver@7.8.6 && node semver-vectors.js > semver-vectors.tsv
//
// Rows, parted by tabs: `order  A  <|=|>  B`, `valid  TEXT  true|false  -`, and `range  VERSION  true|false|invalid  RANGE`.

const semver = require("semver");

let seed = 20;
const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
const pick = (list) => list[Math.floor(random() * list.length)];
const number = () => pick(["0", "1", "2", "3", "10", "20"]);
const tail = () => pick(["", "", "", "-alpha", "-alpha.1", "-beta", "-beta.2", "-beta.11", "-rc.1", "-0", "-1", "-a-b", "-1a"]) + pick(["", "", "", "+build", "+1.2"]);
const version = () => `${number()}.${number()}.${number()}${tail()}`;
const near = () => pick(["1.2.3", "1.2.4", "1.0.0", "0.2.3", "0.0.3", "2.0.0"]) + tail();
const partial = () => pick(["1", "1.2", "1.2.3", "0", "0.2", "0.0.3", "0.2.3", "1.x", "1.2.x", "1.2.*", "*", "x", "", "1.2.3-beta.2", "2.0.0-0", "v1.2.3", "=1.2.3", "1.X.3"]);
const comparator = () => pick(["", "", "^", "~", ">", ">=", "<", "<=", "=", "~>", "^ ", ">= ", "< "]) + partial();
const set = () => {
  if (random() < 0.25) return `${partial()} - ${partial()}`;
  return Array.from({ length: pick([1, 1, 2, 3]) }, comparator).join(" ");
};
const range = () => Array.from({ length: pick([1, 1, 1, 2]) }, set).join(pick([" || ", "||"]));
const sign = (a, b) => ({ "-1": "<", 0: "=", 1: ">" })[semver.compare(a, b)];

for (const make of [version, near]) {
  for (let i = 0; i < 300; i++) {
    const [a, b] = [make(), make()];
    console.log(["order", a, sign(a, b), b].join("\t"));
  }
}
const odd = ["1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.2.3-ü", "v1.2.3", "=1.2.3", "1.2.3 ", "-1.2.3", "1.2.x", "", "1.2.3-0a", "1.2.3+01", "9007199254740991.0.0", "1.2.3--", "1.2.3-a_b", "a.b.c"];
for (const text of odd) console.log(["valid", text, semver.valid(text) !== null, "-"].join("\t"));
for (let i = 0; i < 1500; i++) {
  const [v, r] = [random() < 0.8 ? near() : version(), range()];
  const said = semver.validRange(r) === null ? "invalid" : semver.satisfies(v, r);
  console.log(["range", v, said, r].join("\t"));
}
