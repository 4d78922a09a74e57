# Writes gem-vectors.tsv: what RubyGems' own Gem::Version says of versions.
#
#     apt-get install ruby && ruby gem-vectors.rb > gem-vectors.tsv
#
# Rows, parted by tabs: `order  A  <|=|>  B` and `valid  TEXT  true|false  -`.

RANDOM = Random.new(2)

def pick(*list)
  list[RANDOM.rand(list.length)]
end

def near
  pick("1.0", "1.0.0.0", "1.0.0", "1.1", "1.0.1", "2.0.0", "5.2.4.3", "1.10") +
    pick("", "", "", ".a", ".b1", ".pre", ".pre1", ".rc1", ".rc.1", ".rc2", ".beta", ".beta.2", "-1", "-x", ".0", ".0.a", ".a.0", "a", "b2", ".a1b2")
end

def odd
  Array.new(RANDOM.rand(1..4)) { pick("0", "1", "2", "10", "01", "a", "b", "rc", "rc1", "1a", "A", "Z", "000") }.unshift(pick("0", "1", "10")).join(".")
end

1000.times do |i|
  a, b = i.even? ? [near, near] : [odd, odd]
  order = Gem::Version.new(a) <=> Gem::Version.new(b)
  puts ["order", a, { -1 => "<", 0 => "=", 1 => ">" }[order], b].join("\t")
end
["1", "1.", ".1", "1..2", "1.a", "a", "1-x", "1-", "1_0", "1.2 ", " 1", "1.0+b", "junk", "1.0-a.b", "1.0-a..b", "1-1-1", "1.ü"].each do |text|
  puts ["valid", text, Gem::Version.correct?(text) ? true : false, "-"].join("\t")
end
