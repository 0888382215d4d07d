use strict;
use warnings;

my $section = '';
while (my $line = <STDIN>) {
    chomp $line;
    $line =~ s/#.*//;
    next if $line eq '';
    if ($line =~ /^\[(.*)\]$/) {
        $section = $1;
    } elsif ($line =~ /^(.*)=(.*)$/) {
        print "$section.$1=$2\n";
    }
}
