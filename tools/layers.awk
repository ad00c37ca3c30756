# Checks who includes whom: first file layers.txt, then all sources. Also refuses functions that overflow buffers
# or ignore errors by their nature.
FNR == 1 { file = FILENAME; folder = folder_of(file) }
FILENAME ~ /layers\.txt$/ {
  if ($0 ~ /^#/ || $0 == "") next
  split($0, sides, ":")
  known[sides[1]] = 1
  count = split(sides[2], names, " ")
  for (i = 1; i <= count; i++) allowed[sides[1] " " names[i]] = 1
  next
}
# The longest folder of the table that the path lies in.
function folder_of(path,    best, name) {
  best = ""
  for (name in known) if (index(path, name "/") == 1 && length(name) > length(best)) best = name
  return best
}
function complain(text) { printf "%s:%d: %s\n", file, FNR, text; bad = 1 }
function may_include(target,    name) {
  if (index(target, folder "/") == 1) return 1
  for (name in allowed) {
    split(name, pair, " ")
    if (pair[1] == folder && (pair[2] == target || index(target, pair[2] "/") == 1)) return 1
  }
  return 0
}
/^#[ ]*include "/ {
  target = $0
  sub(/^#[ ]*include "/, "", target)
  sub(/".*/, "", target)
  if (folder == "") complain("a folder that tools/layers.txt does not know")
  else if (target !~ /\// && target !~ /^(onnx\.pb-c|suites)\.h$/) complain("include \"" target "\" is not root-relative")
  else if (!may_include(target)) complain(folder " may not include " target)
}
folder != "tests" && /(^|[^A-Za-z0-9_])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atof|strtok)\(/ { complain("a function that is not used here: see CONTRIBUTING.md") }
END { exit bad }
