// with_go_ldap ACTION URL BASE DN PASSWORD [CA]: go-ldap, with StartTLS for `ldap:` where a CA is named.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

func main() {
	log.SetFlags(0)
	action, url, base, dn, password := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	connection := connect(url, authority(os.Args[6:]))
	defer connection.Close()
	check(connection.Bind(dn, password))
	switch action {
	case "search":
		anna := search(connection, base, "(&(objectClass=person)(telephoneNumber=*0001))")[0]
		fmt.Println(anna.GetAttributeValue("cn"), anna.GetAttributeValues("telephoneNumber"))
	case "all":
		fmt.Println(len(search(connection, base, "(telephoneNumber=*)")), "found")
	case "whoami":
		who, err := connection.WhoAmI(nil)
		check(err)
		fmt.Println(who.AuthzID)
	case "compare":
		anna := search(connection, base, "(telephoneNumber=*0001)")[0]
		same, err := connection.Compare(anna.DN, "telephoneNumber", "030 5550001")
		check(err)
		fmt.Println(same)
	case "paged":
		paged(connection, base)
	}
}

func authority(path []string) *tls.Config {
	if len(path) == 0 {
		return nil
	}
	text, err := os.ReadFile(path[0])
	check(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
}

func connect(url string, trusted *tls.Config) *ldap.Conn {
	connection, err := ldap.DialURL(url, ldap.DialWithTLSConfig(trusted))
	check(err)
	if trusted != nil && strings.HasPrefix(url, "ldap:") {
		check(connection.StartTLS(trusted))
	}
	return connection
}

func request(base, filter string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		filter, []string{"cn", "telephoneNumber"}, nil)
}

func search(connection *ldap.Conn, base, filter string) []*ldap.Entry {
	result, err := connection.Search(request(base, filter))
	check(err)
	return result.Entries
}

func paged(connection *ldap.Conn, base string) {
	found, pages := 0, 0
	control := ldap.NewControlPaging(7)
	for {
		page := request(base, "(telephoneNumber=*)")
		page.Controls = []ldap.Control{control}
		result, err := connection.Search(page)
		check(err)
		found, pages = found+len(result.Entries), pages+1
		answer, known := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !known || len(answer.Cookie) == 0 {
			break
		}
		control.SetCookie(answer.Cookie)
	}
	fmt.Println(found, "found in", pages, "pages")
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
