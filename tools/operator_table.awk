# Reads operators/**/*.c and writes the sorted operator table. A file in a family folder has exactly one row,
#   const Op op_Name = {
# and no operator has two. Names of other domains are op_Domain__Name.
function finish() {
  if (file == "" || split(file, parts, "/") < 3) return
  if (rows == 0 && !shared) { print file ": no operator row (const Op op_Name = {...})" > "/dev/stderr"; bad = 1 }
}
FNR == 1 { finish(); file = FILENAME; rows = 0; shared = 0 }
/^\/\* shared by the family/ { shared = 1 }
/^const Op op_[A-Za-z0-9_]+ = / {
  name = $3; rows++
  if (rows > 1 && !shared) { print FILENAME ": more than one operator row" > "/dev/stderr"; bad = 1 }
  if (name in where) { print FILENAME ": " name " is also in " where[name] > "/dev/stderr"; bad = 1 }
  where[name] = FILENAME
  names[++count] = name
}
END {
  finish()
  if (bad) exit 1
  for (i = 2; i <= count; i++) {
    key = names[i]
    for (j = i - 1; j >= 1 && names[j] > key; j--) names[j + 1] = names[j]
    names[j + 1] = key
  }
  print "/* Made by tools/operator_table.awk from the rows in operators/. */"
  print "#include \"operators/op_table.h\"\n"
  for (i = 1; i <= count; i++) print "extern const Op " names[i] ";"
  print "\nconst Op *const op_table[] = {"
  for (i = 1; i <= count; i++) print "    &" names[i] ","
  print "    NULL};"
  print "const int op_table_length = " count + 0 ";"
}
