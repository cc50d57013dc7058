# with_net_ldap.pl ACTION URL BASE DN PASSWORD [CA]: perl's Net::LDAP, with StartTLS for `ldap:` where a
# CA is named.
use strict;
use warnings;

use Net::LDAP;
use Net::LDAP::Constant qw(LDAP_CONTROL_PAGED);
use Net::LDAP::Control::Paged;
use Net::LDAP::Extension::WhoAmI;

my ($action, $url, $base, $dn, $password, $ca) = @ARGV;
my %tls = $ca ? (verify => 'require', cafile => $ca) : ();
my $ldap = Net::LDAP->new($url, timeout => 20, %tls) or die $@;
good($ldap->start_tls(%tls)) if $ca and $url =~ /^ldap:/;
good($ldap->bind($dn, password => $password));

sub good {
    my ($message) = @_;
    die $message->error_name . ': ' . $message->error . "\n" if $message->code;
    return $message;
}

sub search {
    my ($filter, @controls) = @_;
    return good($ldap->search(base => $base, filter => $filter, attrs => ['cn', 'telephoneNumber'],
        control => \@controls));
}

if ($action eq 'search') {
    my $anna = search('(&(objectClass=person)(telephoneNumber=*0001))')->entry(0);
    print join(' ', $anna->get_value('cn'), $anna->get_value('telephoneNumber')), "\n";
} elsif ($action eq 'all') {
    print search('(telephoneNumber=*)')->count, " found\n";
} elsif ($action eq 'whoami') {
    print good($ldap->who_am_i)->response, "\n";
} elsif ($action eq 'compare') {
    my $anna = search('(telephoneNumber=*0001)')->entry(0);
    my $result = $ldap->compare($anna->dn, attr => 'telephoneNumber', value => '030 5550001');
    print $result->code == 6 ? "true\n" : $result->error . "\n";
} elsif ($action eq 'paged') {
    my ($found, $pages, $control) = (0, 0, Net::LDAP::Control::Paged->new(size => 7));
    while (1) {
        my $result = search('(telephoneNumber=*)', $control);
        $found += $result->count;
        $pages++;
        my ($answer) = $result->control(LDAP_CONTROL_PAGED);
        last unless $answer and $answer->cookie;
        $control->cookie($answer->cookie);
    }
    print "$found found in $pages pages\n";
}
$ldap->unbind;
