// with_ldapjs.cjs ACTION URL BASE DN PASSWORD [CA]: ldapjs, with StartTLS for `ldap:` where a CA is named.

const fs = require("fs");
const ldapjs = require("ldapjs");

const [action, url, base, dn, password, ca] = process.argv.slice(2);
const tls = ca ? { ca: [fs.readFileSync(ca)] } : undefined;
const secure = url.startsWith("ldaps:");
const client = ldapjs.createClient({ url: [url], tlsOptions: secure ? tls : undefined, timeout: 20000 });

// A method of the client as a promise of what it calls back with.
const call = (method, ...given) => new Promise((done, failed) =>
  client[method](...given, (error, result) => (error ? failed(error) : done(result))));

async function search(filter, options) {
  const found = [];
  let pages = 0;
  const all = { scope: "sub", filter, attributes: ["cn", "telephoneNumber"], ...options };
  const answer = await call("search", base, all);
  await new Promise((done, failed) => {
    answer.on("searchEntry", entry => found.push(entry.pojo));
    answer.on("page", () => pages++);
    answer.on("error", failed);
    answer.on("end", done);
  });
  return { found, pages };
}

async function main() {
  await new Promise((done, failed) => client.on("connect", done).on("connectError", failed));
  if (tls && !secure) {
    await call("starttls", tls, null);
  }
  await call("bind", dn, password);
  const [anna] = (await search("(&(objectClass=person)(telephoneNumber=*0001))")).found;
  if (action == "search") {
    console.log(...anna.attributes.flatMap(attribute => attribute.values));
  } else if (action == "all") {
    console.log((await search("(telephoneNumber=*)")).found.length, "found");
  } else if (action == "whoami") {
    console.log(await call("exop", "1.3.6.1.4.1.4203.1.11.3"));
  } else if (action == "compare") {
    console.log(await call("compare", anna.objectName, "telephoneNumber", "030 5550001"));
  } else if (action == "paged") {
    const { found, pages } = await search("(telephoneNumber=*)", { paged: { pageSize: 7, pagePause: false } });
    console.log(found.length, "found in", pages, "pages");
  }
  client.destroy();
}

main().catch(error => {
  console.error(`${error}`);
  process.exit(1);
});
