NR > 1 && $1 > last + 1 { print last + 1 "-" $1 - 1 }
{ last = $1 }
