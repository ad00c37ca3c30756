# Reads cmd/*.c and writes the table of commands, sorted by .place and name: every row that begins a line with
#   const Command command_name = {
/^const Command command_[a-z_]+ = / { symbol = $3; place = 50 }
symbol != "" && match($0, /\.name = "[a-z-]+"/) { name = substr($0, RSTART + 9, RLENGTH - 10) }
symbol != "" && match($0, /\.place = [0-9]+/) { place = substr($0, RSTART + 9) + 0 }
symbol != "" && /};$/ {
  if (name in where) { print FILENAME ": command " name " is also in " where[name] > "/dev/stderr"; bad = 1 }
  where[name] = FILENAME
  symbols[++count] = symbol
  keys[count] = sprintf("%04d %s", place, name)
  symbol = ""
}
END {
  if (bad) exit 1
  for (i = 2; i <= count; i++) {
    key = keys[i]; moved = symbols[i]
    for (j = i - 1; j >= 1 && keys[j] > key; j--) { keys[j + 1] = keys[j]; symbols[j + 1] = symbols[j] }
    keys[j + 1] = key; symbols[j + 1] = moved
  }
  print "/* Made by tools/command_table.awk from the rows in cmd/. */"
  print "#include \"cmd/command.h\"\n"
  for (i = 1; i <= count; i++) print "extern const Command " symbols[i] ";"
  print "\nconst Command *const command_table[] = {"
  for (i = 1; i <= count; i++) print "    &" symbols[i] ","
  print "    NULL};"
}
