// with_jndi.java ACTION URL BASE DN PASSWORD [CA]: Java's own LDAP provider, with StartTLS for `ldap:`
// where a CA is named.

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import javax.naming.Context;
import javax.naming.NamingEnumeration;
import javax.naming.NameClassPair;
import javax.naming.directory.Attributes;
import javax.naming.directory.DirContext;
import javax.naming.directory.SearchControls;
import javax.naming.directory.SearchResult;
import javax.naming.ldap.Control;
import javax.naming.ldap.InitialLdapContext;
import javax.naming.ldap.LdapContext;
import javax.naming.ldap.PagedResultsControl;
import javax.naming.ldap.PagedResultsResponseControl;
import javax.naming.ldap.SortControl;
import javax.naming.ldap.SortResponseControl;
import javax.naming.ldap.StartTlsRequest;
import javax.naming.ldap.StartTlsResponse;

class WithJndi {
    static LdapContext context;
    static String base;

    static List<SearchResult> search(String filter) throws Exception {
        SearchControls controls = new SearchControls();
        controls.setSearchScope(SearchControls.SUBTREE_SCOPE);
        controls.setReturningAttributes(new String[] {"cn", "sn", "telephoneNumber"});
        List<SearchResult> found = new ArrayList<>();
        NamingEnumeration<SearchResult> results = context.search(base, filter, controls);
        while (results.hasMore()) {
            found.add(results.next());
        }
        return found;
    }

    static <T extends Control> T answer(Class<T> kind) throws Exception {
        for (Control control : context.getResponseControls()) {
            if (kind.isInstance(control)) {
                return kind.cast(control);
            }
        }
        throw new IllegalStateException("no " + kind.getSimpleName());
    }

    static void trust(String authority) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (FileInputStream file = new FileInputStream(authority)) {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            store.setCertificateEntry("ca", factory.generateCertificate(file));
        }
        Path path = Files.createTempFile("trusted", ".p12");
        path.toFile().deleteOnExit();
        try (FileOutputStream file = new FileOutputStream(path.toFile())) {
            store.store(file, "trusted".toCharArray());
        }
        System.setProperty("javax.net.ssl.trustStore", path.toString());
        System.setProperty("javax.net.ssl.trustStorePassword", "trusted");
    }

    static void paged() throws Exception {
        int found = 0, pages = 0;
        byte[] cookie = null;
        do {
            Control page = new PagedResultsControl(7, cookie, Control.CRITICAL);
            context.setRequestControls(new Control[] {page});
            found += search("(telephoneNumber=*)").size();
            pages++;
            cookie = answer(PagedResultsResponseControl.class).getCookie();
        } while (cookie != null);
        System.out.println(found + " found in " + pages + " pages");
    }

    static void sorted() throws Exception {
        Control order = new SortControl(new String[] {"sn"}, Control.CRITICAL);
        context.setRequestControls(new Control[] {order});
        List<SearchResult> found = search("(sn=a*)");
        boolean sorted = answer(SortResponseControl.class).isSorted();
        String first = found.get(0).getAttributes().get("sn").get().toString();
        System.out.println((sorted ? "sorted from " : "not sorted from ") + first);
    }

    static void schema() throws Exception {
        DirContext schema = context.getSchema("");
        int attributes = 0;
        NamingEnumeration<NameClassPair> names = schema.list("AttributeDefinition");
        while (names.hasMore()) {
            Attributes own = schema.getAttributes("AttributeDefinition/" + names.next().getName());
            attributes += own.get("NUMERICOID") != null && own.get("SYNTAX") != null ? 1 : 0;
        }
        schema.getAttributes("ClassDefinition/inetOrgPerson").get("MAY").get();
        DirContext entry = context.getSchema(search("(telephoneNumber=*0001)").get(0).getNameInNamespace());
        entry.lookup("ClassDefinition/ringbookContact");
        Attributes root = context.getAttributes("", new String[] {"namingContexts"});
        System.out.println(attributes + " attributes; " + root.get("namingContexts").get());
    }

    public static void main(String[] arguments) throws Exception {
        String action = arguments[0], url = arguments[1];
        base = arguments[2];
        boolean secure = arguments.length > 5;
        if (secure) {
            trust(arguments[5]);
        }
        Hashtable<String, String> settings = new Hashtable<>();
        settings.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        settings.put(Context.PROVIDER_URL, url);
        context = new InitialLdapContext(settings, null);
        if (secure && url.startsWith("ldap:")) {
            ((StartTlsResponse) context.extendedOperation(new StartTlsRequest())).negotiate();
        }
        context.addToEnvironment(Context.SECURITY_AUTHENTICATION, "simple");
        context.addToEnvironment(Context.SECURITY_PRINCIPAL, arguments[3]);
        context.addToEnvironment(Context.SECURITY_CREDENTIALS, arguments[4]);
        context.reconnect(null);
        SearchResult anna = search("(&(objectClass=person)(telephoneNumber=*0001))").get(0);
        switch (action) {
            case "search" -> {
                String number = "";
                NamingEnumeration<?> numbers = anna.getAttributes().get("telephoneNumber").getAll();
                while (numbers.hasMore()) {
                    number += " " + numbers.next();
                }
                System.out.println(anna.getAttributes().get("cn").get() + number);
            }
            case "all" -> System.out.println(search("(telephoneNumber=*)").size() + " found");
            case "compare" -> {
                // What is sent as a compare request.
                SearchControls only = new SearchControls();
                only.setSearchScope(SearchControls.OBJECT_SCOPE);
                only.setReturningAttributes(new String[0]);
                String filter = "(telephoneNumber={0})";
                Object[] number = {"030 5550001"};
                String name = anna.getNameInNamespace();
                System.out.println(context.search(name, filter, number, only).hasMore());
            }
            case "paged" -> paged();
            case "sorted" -> sorted();
            case "schema" -> schema();
            default -> throw new IllegalArgumentException(action);
        }
        context.close();
    }
}
