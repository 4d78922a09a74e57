<?php
// Writes composer-vectors.tsv: what composer/semver says of versions.
//
//     apt-get install php-cli php-composer-semver && php composer-vectors.php > composer-vectors.tsv
//
// Rows, parted by tabs: `order  A  <|=|>  B` and `normal  TEXT  NORMAL-FORM  -` with an empty normal form for what is no version.

require '/usr/share/php/Composer/Semver/autoload.php';

use Composer\Semver\Comparator;
use Composer\Semver\VersionParser;

mt_srand(5);

function pick(...$list) { return $list[mt_rand(0, count($list) - 1)]; }

function version() {
    return pick('', '', '', 'v', 'V') . pick('1', '1.0', '1.0.0', '1.1', '2.0.1', '1.0.0.1', '10.2.3', '0.9', '2020.1', '20200101', '2020-01-02')
        . pick('', '', '', '-alpha', '-alpha1', '-a2', '-beta', '-beta.2', '-b3', '-RC1', 'RC2', '-rc', '-patch1', '-p2', '-pl3', 'p1', '-dev', '-beta1-dev', '-stable', '+build', '-beta+x');
}

$parser = new VersionParser();
$normal = function ($text) use ($parser) {
    try { return $parser->normalize($text); } catch (\UnexpectedValueException $e) { return ''; }
};
for ($i = 0; $i < 900; $i++) {
    [$a, $b] = [version(), version()];
    if ($normal($a) === '' || $normal($b) === '') continue;
    $sign = Comparator::lessThan($a, $b) ? '<' : (Comparator::greaterThan($a, $b) ? '>' : '=');
    // The comparison takes normal forms, as Composer's own constraints do.
    [$na, $nb] = [$normal($a), $normal($b)];
    $order = version_compare($na, $nb);
    echo implode("\t", ['order', $a, $order < 0 ? '<' : ($order > 0 ? '>' : '='), $b]), "\n";
}
$texts = ['1', '1.2', 'v1.2.3', '1.2.3.4', '1.2.3.4.5', '1.0.0-beta', '1.0.0-beta.3', '1.0-RC1', '1.0.0RC1dev', '1.0pl3', '1.0-p1', 'dev-master', 'master', '1.x-dev', '1.2.x-dev', 'abc', '1.0-foo',
    '', '2012.01.02', '20100102', '2010-01-02', '2010-01-02.5', '20100102-203040', '1.0.0+foo', '1.0.0 alpha', 'x', '1.0.0-stable', '00.01.03.04', '1.0.0-dev', 'dev-feature/x', '1.0.*', '1.0.0-beta-dev'];
foreach ($texts as $text) echo implode("\t", ['normal', $text, $normal($text), '-']), "\n";
for ($i = 0; $i < 200; $i++) { $text = version(); echo implode("\t", ['normal', $text, $normal($text), '-']), "\n"; }
