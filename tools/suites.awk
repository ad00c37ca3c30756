# Reads test sources and writes the list of their suites: every `Suite *suite_name(void)` that begins a line.
match($0, /^Suite \*suite_[a-z0-9_]+\(void\)/) {
  name = $0
  sub(/^Suite \*/, "", name)
  sub(/\(.*/, "", name)
  if (!(name in seen)) names[++count] = name
  seen[name] = 1
}
END {
  print "/* Made by tools/suites.awk. */"
  for (i = 1; i <= count; i++) print "Suite *" names[i] "(void);"
  print "static Suite *(*const suites[])(void) = {"
  for (i = 1; i <= count; i++) print "    " names[i] ","
  print "    NULL};"
}
