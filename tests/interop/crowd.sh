# Thousands of connections at once: phones that are silent, that send bit by bit, that take nothing of
# what they asked for, that vanish.

suite 'crowd'
needs crowd python3 || return 0

start_server --demo --set limits.connections=6000 --set limits.connections_per_address=6000 \
    --set limits.first_request_s=5
driver crowd 240 python3 "$here/crowd/drive.py" "$ldap" cn=phones,ou=services,dc=pbx,dc=example phones "$server"
