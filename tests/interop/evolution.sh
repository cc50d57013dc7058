# Evolution's address-book server, as Evolution and GNOME Contacts use it: LDAP and CardDAV.

suite "evolution ($security)"
needs evolution dbus-run-session ldapsearch /usr/bin/python3 || return 0
if ! compgen -G '/usr/share/dbus-1/services/org.gnome.evolution.dataserver.AddressBook*' >/dev/null ||
    ! /usr/bin/python3 -c 'import gi
for each in ["EBook", "EBookContacts", "EDataServer"]: gi.require_version(each, "1.2")' 2>/dev/null; then
    missing evolution 'the address-book server with its Python bindings'
    return 0
fi

start_server --demo
suffix=dc=pbx,dc=example
entries=$(search "uid=201,ou=people,$suffix" demo-201 "$suffix" '(objectClass=*)' 1.1 | grep -c '^dn:')
home=$(mktemp -d "$scratch/evolution.XXXXXX")
mkdir -m 700 "$home/run"
# GnuTLS trusts what is in one file of the system: this session sees the server's CA in its place.
trust=()
[ -z "$ca" ] || trust=(unshare --map-root-user --mount bash -c
    'mount --bind "$0" /etc/ssl/certs/ca-certificates.crt && exec "$@"' "$ca")
# Passwords go to a file instead of a keyring that would have to be unlocked.
driver evolution 240 "${trust[@]}" env -u DISPLAY -u WAYLAND_DISPLAY HOME="$home" XDG_CONFIG_HOME="$home/config" \
    XDG_DATA_HOME="$home/data" XDG_CACHE_HOME="$home/cache" XDG_RUNTIME_DIR="$home/run" \
    SECRET_BACKEND=file SECRET_FILE_TEST_PATH="$home/secrets" SECRET_FILE_TEST_PASSWORD=test \
    GIO_USE_VFS=local GSETTINGS_BACKEND=memory \
    dbus-run-session -- /usr/bin/python3 "$here/evolution/drive.py" --ldap "$ldap_url" \
    --security "$security" --base "$suffix" --entries "$entries" --http "$http_url" ${ca:+--ca "$ca"}
