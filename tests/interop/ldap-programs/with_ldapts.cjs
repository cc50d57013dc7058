// with_ldapts.cjs ACTION URL BASE DN PASSWORD [CA]: ldapts, with StartTLS for `ldap:` where a CA is named.

const fs = require("fs");
const { Client } = require("ldapts");

const [action, url, base, dn, password, ca] = process.argv.slice(2);
const tls = ca ? { ca: [fs.readFileSync(ca)] } : undefined;
const secure = url.startsWith("ldaps:");
const attributes = ["cn", "telephoneNumber"];

async function main() {
  const client = new Client({ url, tlsOptions: secure ? tls : undefined, timeout: 20000 });
  if (tls && !secure) {
    await client.startTLS(tls);
  }
  await client.bind(dn, password);
  const search = filter => client.search(base, { scope: "sub", filter, attributes });
  const anna = (await search("(&(objectClass=person)(telephoneNumber=*0001))")).searchEntries[0];
  if (action == "search") {
    console.log(anna.cn, ...anna.telephoneNumber);
  } else if (action == "all") {
    console.log((await search("(telephoneNumber=*)")).searchEntries.length, "found");
  } else if (action == "whoami") {
    console.log((await client.exop("1.3.6.1.4.1.4203.1.11.3")).value);
  } else if (action == "compare") {
    console.log(await client.compare(anna.dn, "telephoneNumber", "030 5550001"));
  } else if (action == "paged") {
    let found = 0, pages = 0;
    const options = { scope: "sub", filter: "(telephoneNumber=*)", attributes, paged: { pageSize: 7 } };
    for await (const page of client.searchPaginated(base, options)) {
      found += page.searchEntries.length;
      pages++;
    }
    console.log(found, "found in", pages, "pages");
  }
  await client.unbind();
}

main().catch(error => {
  console.error(`${error}`);
  process.exit(1);
});
