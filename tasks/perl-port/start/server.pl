use strict;
use warnings;

my %set;
open my $file, '<', 'server.conf' or die "server.conf: $!\n";
while (<$file>) {
    $set{$1} = $2 if /^(\w+)\s*=\s*(.*?)\s*$/;
}
print "listening on $set{host}:$set{port}\n";
print "$set{workers} workers\n";
print "$set{timeout} seconds\n";
