use strict;
use warnings;

while (my $line = <STDIN>) {
    chomp $line;
    printf "%.2f\n", $line;
}
