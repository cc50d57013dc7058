// What the checks call inside Thunderbird: its own modules do the work.

const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { CardDAVDirectory } = ChromeUtils.importESModule("resource:///modules/CardDAVDirectory.sys.mjs");
const { CardDAVUtils } = ChromeUtils.importESModule("resource:///modules/CardDAVUtils.sys.mjs");
const { VCardProperties, VCardUtils } = ChromeUtils.importESModule("resource:///modules/VCardUtils.sys.mjs");
const Query = ChromeUtils.importESModule("resource:///modules/ABQueryUtils.sys.mjs");

const sleep = ms => new Promise(done => {
  const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
  timer.initWithCallback(() => done(timer), ms, 0);
});

async function until(condition) {
  for (let i = 0; i < 200 && !condition(); i++) {
    await sleep(100);
  }
  return condition();
}

async function rememberPassword(origin, realm, user, password) {
  const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
  login.init(origin, null, realm, user, password, "", "");
  await Services.logins.addLoginAsync(login);
}

const book = id => MailServices.ab.directories.find(each => each.dirPrefId == `ldap_2.servers.${id}`);
const davBook = () => CardDAVDirectory.forFile(book("dav").fileName);
const number = card => card.vCardProperties.getFirstValue("tel");
const show = card => ({
  uid: card.UID, name: card.displayName, mail: card.primaryEmail, number: number(card),
  etag: card.getProperty("_etag", ""), href: card.getProperty("_href", ""),
});

// The search field of the address book window.
function searchLdap(words) {
  const format = Query.getModelQuery("mail.addr_book.quicksearchquery.format");
  const query = Query.generateQueryURI(format, Query.getSearchTokens(words)).replace(/^\?/, "");
  const names = [];
  return new Promise(done => book("ldap").search(query, words, {
    onSearchFoundCard(card) { names.push(card.displayName); },
    onSearchFinished(status) { done({ status, names: names.sort() }); },
  }));
}

// What typing into the "To" field of a message offers.
function complete(words) {
  const search = Cc["@mozilla.org/autocomplete/search;1?name=ldap"].createInstance(Ci.nsIAutoCompleteSearch);
  return new Promise(done => search.startSearch(words, JSON.stringify({ type: "addr_to" }), null, {
    onSearchResult(_, result) {
      done(Array.from({ length: result.matchCount }, (_, i) => result.getValueAt(i)));
    },
  }));
}

// "Download Now" in the settings of an LDAP directory, then a look at it offline.
async function replicate() {
  const directory = book("ldap").QueryInterface(Ci.nsIAbLDAPDirectory);
  const service = Cc["@mozilla.org/addressbook/ldap-replication-service;1"].getService(Ci.nsIAbLDAPReplicationService);
  await new Promise(done => service.startReplication(directory, {
    QueryInterface: ChromeUtils.generateQI(["nsIWebProgressListener"]),
    onStateChange(_, __, flags) {
      if (flags & Ci.nsIWebProgressListener.STATE_STOP) { done(); }
    },
    onProgressChange() {}, onLocationChange() {}, onStatusChange() {}, onSecurityChange() {},
  }));
  Services.io.offline = true;
  try {
    await until(() => book("ldap").childCards.length);
    return book("ldap").childCards.map(card => card.displayName);
  } finally {
    Services.io.offline = false;
  }
}

// "New Contact" in a CardDAV book: the card, once the server took it.
async function create(lines) {
  const card = VCardUtils.vCardToAbCard(["BEGIN:VCARD", "VERSION:4.0", ...lines, "END:VCARD", ""].join("\r\n"));
  const { UID } = davBook().addCard(card);
  await until(() => davBook().getCard(UID)?.getProperty("_etag", ""));
  return show(davBook().getCard(UID));
}

async function changeNumber(uid, to) {
  const card = davBook().getCard(uid), before = card.getProperty("_etag", "");
  const properties = VCardProperties.fromVCard(card.getProperty("_vCard", ""));
  properties.getFirstEntry("tel").value = to;
  card.setProperty("_vCard", properties.toVCard());
  davBook().modifyCard(card);
  await until(() => davBook().getCard(uid).getProperty("_etag", "") != before);
  return show(davBook().getCard(uid));
}

// "New CardDAV Address Book": what is found at an address, and each book added and filled.
async function addBooks(user, password, address) {
  const found = await CardDAVUtils.detectAddressBooks(user, password, address, false);
  const books = [];
  for (const each of found) {
    const added = await each.create();
    // The token is asked for when every card has come.
    await until(() => added._syncToken && !added._syncInProgress);
    books.push({ name: added.dirName, cards: added.childCardCount, readOnly: added.readOnly });
  }
  return books;
}
