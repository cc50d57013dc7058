#!/usr/bin/env python3
"""A company's directory of any size, the same bytes on every machine.

pbxgen.py --people 10000 --out DIR [--seed 42] writes into DIR:
  people.csv      the people, to import into Ringbook with the columns of columns.json
  people.ldif     the same people, to load into OpenLDAP, with an account for phones
  mixes/*.mix     searches for ldapload, with the number of entries that a right answer has at least
"""

import argparse
import base64
import csv
import hashlib
import json
import os
import random
import unicodedata

SUFFIX = "dc=pbx,dc=example"
PEOPLE = "ou=people," + SUFFIX
PHONES = "cn=phones,ou=services," + SUFFIX
SECRET = "phones"
COMPANY = "Pbx Example AG"

# locale: (weight, given names, family names)
NAMES = {
    "de": (18,
        "Maria Martin Markus Jürgen Jörg Günther Anna Lena Sören Björn Käthe Heinz Uwe Stefan Petra Claudia "
        "Matthias Marlene Dörte Götz Sabine Thomas Andreas Ulrike Jonas Felix Emil Hannah Marie Lukas",
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter "
        "Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Krause Lehmann "
        "Köhler Marquardt Großmann Weiß Jäger Böhm Voß Kühn"),
    "en": (18,
        "James Mary Mark Martha John Patricia Robert Jennifer Michael Linda William Elizabeth David Barbara "
        "Richard Susan Joseph Margaret Thomas Sarah Charles Karen Christopher Nancy Daniel Lisa Matthew Betty "
        "Anthony Helen",
        "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Martin Jackson "
        "Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Baker "
        "Marshall Marsh O'Neill O'Brien Smythe-Jones"),
    "fr": (8,
        "Marie Marc François Françoise Hélène René Renée Jérôme Céline Aurélie Benoît Chloé Zoé Loïc Gaël "
        "Mathéo Margaux Élodie Étienne Éric Guillaume Camille Léa Inès Noël",
        "Martin Bernard Dubois Durand Leroy Moreau Lefèvre Garcia Fournier Mercier Dupont Lambert Bonnet "
        "Béranger Rousseau Vincent Marchand Faure Géraud D'Aubigné Lemaître Chevalier Gauthier Perrin Hébert"),
    "es": (8,
        "María José Marta Marcos Martín Juan Ángel Ángela Íñigo Óscar Raúl Sofía Lucía Jesús Andrés Adrián "
        "Begoña Concepción Nuño Ramón Inés Álvaro Rocío Mónica",
        "García Martínez Rodríguez López Hernández González Pérez Sánchez Ramírez Torres Díaz Muñoz Núñez "
        "Márquez Marín Peña Ibáñez Álvarez Gómez Jiménez Castaño Ordóñez Vázquez"),
    "pl": (7,
        "Małgorzata Marek Mariusz Łukasz Paweł Michał Grażyna Agnieszka Stanisław Wojciech Zbigniew Kamila "
        "Jędrzej Bożena Ewa Żaneta Tomasz Krzysztof Elżbieta",
        "Kowalski Nowak Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski "
        "Jankowski Mazur Kwiatkowski Krawczyk Piotrowski Grabowski Marciniak Łuczak Żak Ślusarczyk"),
    "nordic": (6,
        "Märta Åsa Øyvind Søren Jørgen Bjørn Kåre Pär Göran Håkan Maren Marius Jónas Þór Æsa Päivi Jyrki "
        "Aino Väinö",
        "Åkesson Öberg Sørensen Nygård Lindström Järvinen Mäkinen Virtanen Hansen Østergaard Blixt Bergström "
        "Sjögren Håkansson Kjær Marklund Þorsteinsson Åström Lundqvist"),
    "cz": (6,
        "Marek Markéta Jiří Václav Ondřej Tomáš Šárka Žofie Eliška Kateřina Dušan Ľubomír Štefan Zdeněk Božena "
        "Petr Jana Miloš",
        "Novák Svoboda Dvořák Černý Procházka Kučera Veselý Horák Němec Pokorný Marek Hájek Král Růžička Beneš "
        "Fiala Šimek Žižka Ďurica Krejčí"),
    "tr": (5,
        "Mustafa Mehmet Ayşe Çağla Gülşen İbrahim Işıl Özgür Ümit Şükran Ömer Zeynep Kağan Doğan Emre Marziye",
        "Yılmaz Kaya Demir Şahin Çelik Yıldız Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Güneş Işık "
        "Maraşlı"),
    "ro_hu": (4,
        "Ştefan Ioana Mărioara Marius Andrei Zoltán László Győző Erzsébet Tünde Ágnes Ödön Márton Márta",
        "Popescu Ionescu Stănescu Țăranu Șerban Nagy Kovács Tóth Szabó Horváth Kiss Molnár Németh Fekete "
        "Marinescu Őry"),
    "ru": (8,
        "Мария Марк Марина Иван Алексей Дмитрий Сергей Ольга Наталья Татьяна Елена Анна Павел Николай Юрий "
        "Фёдор Ксения Эльвира Михаил",
        "Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев "
        "Лебедев Семёнов Егоров Павлов Козлов Маркин Щербаков"),
    "uk_bg": (3,
        "Олександр Марія Євген Ганна Тарас Богдан Любов Стоян Ґеорґій Мирослава Дарина",
        "Шевченко Коваленко Бондаренко Ткаченко Кравченко Олійник Георгиев Димитров Марченко Ґалаґан Їжакевич"),
    "el": (2,
        "Γιώργος Μαρία Κώστας Ελένη Δημήτρης Σοφία Νίκος Μάριος",
        "Παπαδόπουλος Γεωργίου Δημητρίου Νικολάου Οικονόμου Μαρκόπουλος Ιωάννου"),
    "zh": (4,
        "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀英 建国 志强 晓明 玉兰 雪梅 子涵",
        "王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 高 林 罗 欧阳 司马"),
    "ja": (3,
        "太郎 花子 健一 美咲 翔太 陽子 大輔 由美子 直樹 さくら ひろし まり 真理 正人",
        "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 丸山 松本"),
    "ko": (2, "민준 서연 지훈 수빈 현우 지은 마리 영희 철수", "김 이 박 최 정 강 조 윤 장 마"),
}
FAMILY_NAME_FIRST = {"zh", "ja", "ko"}

# (site, its number in E.164 without the extension)
SITES = [
    ("Berlin", "+4930555"), ("Hamburg", "+4940556"), ("München", "+4989557"), ("Köln", "+4922155"),
    ("Wien", "+43155"), ("Zürich", "+414455"), ("Paris", "+33155"), ("Lyon", "+33478"), ("London", "+442055"),
    ("Manchester", "+4416155"), ("Madrid", "+349155"), ("Kraków", "+48125"), ("Praha", "+42025"),
    ("Göteborg", "+463155"), ("København", "+4535"), ("İstanbul", "+9021255"), ("Москва", "+7495555"),
    ("東京", "+81355"), ("上海", "+862155"), ("New York", "+1212555"),
]
DEPARTMENTS = [
    "Accounting", "Board", "Customer Service", "Design", "Einkauf", "Entwicklung", "Facility Management",
    "Finance", "Forschung & Entwicklung", "HR", "IT Operations", "Legal", "Logistik", "Marketing", "Procurement",
    "Produktion", "Quality, Audit", "R&D", "Sales East", "Sales West", "Security", "Support 1st Level",
    "Support 2nd Level", "Vertrieb",
]
TITLES = [
    "Engineer", "Senior Engineer", "Manager", "Director", "Assistant", "Accountant", "Technician",
    "Sachbearbeiter", "Geschäftsführer", "Developer", "Consultant", "Clerk", "Buyer", "Team Lead", "Trainee",
    "Architect",
]


class Person:
    """One person; every value is a text, empty where there is none."""
    __slots__ = ("name", "given", "family", "mail", "work", "extension", "mobile", "home", "fax",
                 "department", "site", "title")


def people(count, seed):
    """The people of a company; the first of a larger company are not those of a smaller one."""
    random_ = random.Random(seed)
    locales = list(NAMES)
    weights = [NAMES[locale][0] for locale in locales]
    seats = [0] * len(SITES)
    found = []
    for index in range(count):
        person = Person()
        locale = random_.choices(locales, weights)[0]
        name_person(person, locale, random_)
        person.mail = f"{mail_name(person, locale)}.{index}@pbx.example"
        site = random_.randrange(len(SITES)) if count <= 20000 else index % len(SITES)
        seats[site] += 1
        number_person(person, site, 1000 + seats[site], random_)
        person.department = random_.choice(DEPARTMENTS)
        person.title = random_.choice(TITLES)
        found.append(person)
    return found


def name_person(person, locale, random_):
    _, given_names, family_names = NAMES[locale]
    given_names, family_names = given_names.split(), family_names.split()
    given, family = random_.choice(given_names), random_.choice(family_names)
    if locale not in FAMILY_NAME_FIRST:
        chance = random_.random()
        if chance < 0.06:
            family += "-" + random_.choice(family_names)
        elif chance < 0.12:
            given += " " + random_.choice(given_names)
    person.given, person.family = given, family
    person.name = f"{family} {given}" if locale in FAMILY_NAME_FIRST else f"{given} {family}"


def mail_name(person, locale):
    plain = unicodedata.normalize("NFKD", f"{person.given[0]}{person.family}".lower())
    letters = "".join(letter for letter in plain if letter.isascii() and letter.isalnum())
    return letters or locale


def number_person(person, site, seat, random_):
    """Seven-digit tails of the work numbers are nearly unique: each site has a pilot of its own."""
    person.site, trunk = SITES[site]
    trunk += f"{13 + 4 * site:02d}"
    person.extension = f"{10 + site}{seat:0{4 if seat < 10000 else 5}d}"
    person.work = f"{trunk}{seat:05d}"
    number = lambda: random_.randrange(10**7)
    person.mobile = f"+4917{random_.randrange(10)}{number():07d}" if random_.random() < 0.8 else ""
    area = random_.choice([30, 40, 89, 221, 711])
    person.home = f"+49{area}{number():07d}" if random_.random() < 0.4 else ""
    person.fax = f"{trunk}9{seat:05d}" if random_.random() < 0.3 else ""


# ---------------------------------------------------------------------------------------------- files

# CSV header: (field of the `custom` import, value)
COLUMNS = {
    "Extension": ("extension", lambda person: person.extension),
    "Name": ("name", lambda person: person.name),
    "Given name": ("given_name", lambda person: person.given),
    "Family name": ("family_name", lambda person: person.family),
    "E-mail": ("email", lambda person: person.mail),
    "Work": ("work", lambda person: person.work),
    "Mobile": ("mobile", lambda person: person.mobile),
    "Home": ("home", lambda person: person.home),
    "Fax": ("fax", lambda person: person.fax),
    "Company": ("company", lambda person: COMPANY),
    "Department": ("department", lambda person: person.department),
    "Site": ("site", lambda person: person.site),
    "Title": ("title", lambda person: person.title),
}


def write_csv(found, folder):
    with open(f"{folder}/people.csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for person in found:
            rows.writerow([value(person) for _, value in COLUMNS.values()])
    with open(f"{folder}/columns.json", "w", encoding="utf-8") as file:
        json.dump({header: field for header, (field, _) in COLUMNS.items()}, file)


def write_ldif(found, folder):
    salt = b"pbxpbx01"
    digest = base64.b64encode(hashlib.sha1(SECRET.encode() + salt).digest() + salt).decode()
    with open(f"{folder}/people.ldif", "w", encoding="utf-8") as file:
        entry(file, SUFFIX, [("objectClass", "top"), ("objectClass", "domain"), ("dc", "pbx")])
        for unit in ("people", "services"):
            classes = [("objectClass", "top"), ("objectClass", "organizationalUnit")]
            entry(file, f"ou={unit},{SUFFIX}", classes + [("ou", unit)])
        account = [("cn", "phones"), ("sn", "phones"), ("userPassword", "{SSHA}" + digest)]
        entry(file, PHONES, [("objectClass", "top"), ("objectClass", "person")] + account)
        for person in found:
            entry(file, f"uid={person.extension},{PEOPLE}", attributes(person))


def attributes(person):
    classes = ["top", "person", "organizationalPerson", "inetOrgPerson"]
    return [("objectClass", name) for name in classes] + [
        ("uid", person.extension), ("cn", person.name), ("sn", person.family), ("givenName", person.given),
        ("displayName", person.name), ("mail", person.mail), ("telephoneNumber", person.extension),
        ("telephoneNumber", person.work), ("mobile", person.mobile), ("homePhone", person.home),
        ("facsimileTelephoneNumber", person.fax), ("o", COMPANY), ("ou", person.department),
        ("l", person.site), ("title", person.title),
    ]


def entry(file, dn, values):
    for name, value in [("dn", dn)] + values:
        if value and value.isascii():
            file.write(f"{name}: {value}\n")
        elif value:
            file.write(f"{name}:: {base64.b64encode(value.encode()).decode()}\n")
    file.write("\n")


# ---------------------------------------------------------------------------------------------- mixes

# What a desk phone asks for to show a list.
SHOWN = "cn,sn,givenName,displayName,telephoneNumber,mobile,homePhone,ou"


def write_mixes(found, folder, seed):
    """Expected counts are those of plain lower-casing; a server that also folds accents finds more."""
    os.makedirs(f"{folder}/mixes", exist_ok=True)
    random_ = random.Random(seed * 7 + 1)
    some = random_.sample(found, min(1000, len(found)))
    same_number = {}
    for person in found:
        same_number[person.work] = same_number.get(person.work, 0) + 1

    def write(name, rows):
        with open(f"{folder}/mixes/{name}.mix", "w", encoding="utf-8") as file:
            file.write("# scope\tbase\tsize limit\tattributes\tfilter\texpected entries\n")
            for row in rows:
                file.write("\t".join(map(str, row)) + "\n")

    def searches(rows):
        return [("sub", PEOPLE, 50, SHOWN, text, min(50, count)) for text, count in rows]

    unknown = [f"+99{random_.randrange(10**9):09d}" for _ in range(500)]
    prefixes = typed_keys(found, random_, infix=False)
    infixes = typed_keys(found, random_, infix=True)
    prefix = searches([(f"(|(cn={key}*)(sn={key}*))", starting(found, key)) for key in prefixes])
    write("eq", searches([(f"(telephoneNumber={one.work})", same_number[one.work]) for one in some]))
    write("notfound", searches([(f"(telephoneNumber={number})", 0) for number in unknown]))
    write("number", searches([tail_search(found, one.work[-7:]) for one in some[:200]]))
    write("prefix", prefix)
    write("substr", searches([
        (f"(|(cn=*{key}*)(sn=*{key}*)(telephoneNumber=*{key}*))", containing(found, key)) for key in infixes]))
    write("session", prefix)
    write("browse", [("one", PEOPLE, 100, SHOWN, "(objectClass=*)", min(100, len(found)))])
    write("dump", [("sub", PEOPLE, 0, "*", "(objectClass=inetOrgPerson)", len(found))])


def tail_search(found, tail):
    numbers = ((one.work, one.extension, one.mobile) for one in found)
    count = sum(1 for each in numbers if any(number.endswith(tail) for number in each))
    return f"(|(telephoneNumber=*{tail})(mobile=*{tail}))", count


def starting(found, key):
    return sum(1 for one in found if one.name.lower().startswith(key) or one.family.lower().startswith(key))


def containing(found, key):
    return sum(1 for one in found if key in one.name.lower() or key in one.family.lower())


def typed_keys(found, random_, infix):
    """A hundred times three letters, as somebody types them at a phone."""
    keys = ["mar"]
    while len(keys) < 100:
        words = random_.choice(found).name.lower().replace("-", " ").split()
        words = [word for word in words if len(word) >= 3 and word.isalpha()]
        if not words:
            continue
        word = random_.choice(words)
        start = random_.randrange(len(word) - 2) if infix else 0
        key = word[start:start + 3]
        # Letters that lower-casing alone treats differently from one server to the next.
        if not any(letter in key for letter in "ßıςσ\u0307"):
            keys.append(key)
    return keys


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--people", type=int, required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--seed", type=int, default=42)
    options = arguments.parse_args()
    os.makedirs(options.out, exist_ok=True)
    found = people(options.people, options.seed)
    write_csv(found, options.out)
    write_ldif(found, options.out)
    write_mixes(found, options.out, options.seed)


if __name__ == "__main__":
    main()
