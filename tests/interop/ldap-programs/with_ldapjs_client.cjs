// with_ldapjs_client.cjs ACTION URL BASE DN PASSWORD [CA]: ldapjs-client, which has no StartTLS.

const fs = require("fs");
const Client = require("ldapjs-client");

const [action, url, base, dn, password, ca] = process.argv.slice(2);

async function main() {
  const client = new Client({ url, timeout: 20000, tlsOptions: ca ? { ca: [fs.readFileSync(ca)] } : undefined });
  await client.bind(dn, password);
  const filter = action == "all" ? "(telephoneNumber=*)" : "(&(objectClass=person)(telephoneNumber=*0001))";
  const found = await client.search(base, { scope: "sub", filter, attributes: ["cn", "telephoneNumber"] });
  if (action == "all") {
    console.log(found.length, "found");
  } else {
    console.log(found[0].cn, ...found[0].telephoneNumber);
  }
  await client.unbind();
}

// Its timers would keep the program for as long as their time-out.
main().then(() => process.exit(0), error => {
  console.error(`${error}`);
  process.exit(1);
});
