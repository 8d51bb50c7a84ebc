"""Which of the spoken languages a caller speaks, told from a few words.

Told by everyday words, not by letters or endings as libraries do it: those take "Bella Napoli" or "crème
brûlée" in an English sentence for Italian or French, and names of food and restaurants are half of what is
said here. A word that several of the languages have counts for each of them in part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_EVERYDAY_WORDS = {
    "en": """
        a about again all also am an and any anybody anything are around as at away be been before better
        but by bye can can' cannot cheap clock close closed could couldn' did didn' do does doesn' doing
        don' done down eat else evening every exactly find for free friday from get give go going good
        goodbye got great had has have he hear hello help her here hi him his hour hours how i i' if in
        instead is isn' it it' its just kind know later let let' like little long look looking made make
        many maybe me might monday more most much must my name near nearby need next nice no not nothing now
        o' of off on one only open or other our out over people person place please quite really right said
        saturday say see she should so some somebody something somewhere soon sorry speak sunday sure take
        tell than thank thanks that that' the their them then there there' these they thing think this those
        thursday time to today together tomorrow tonight too tuesday until up us very wait want was we we'
        wednesday week well were what what' when where where' which who why will with without would yes
        yesterday yet you you' your
    """,
    "de": """
        abend aber alle alles als also am an ander andere anderes auch auf aus bei besser bis bisschen bitte
        brauche da danke dann das dass dein dem den denn der des die dienstag dies diese dieser dieses doch
        donnerstag dort du durch ein eine einem einen einer eines einfach entschuldigung er erst es essen
        etwa etwas euch freitag für ganz geben gegen geht genau genug gern gerne gibt gleich gut gute guten
        habe haben hallo hat heute hier hätte hätten hören ich ihm ihn ihnen ihr ihre im immer in irgendwas
        irgendwo ist ja jemand jetzt kann kein keine keinen kommen können könnte könnten leider lieber
        machen man mehr mein meine meinen menschen mich mir mit mittwoch montag morgen muss möchte möchten
        nach nah name nehmen nein nicht nichts noch nochmal nur nächste nächsten nähe ob oder ohne reicht
        richtig samstag schon schön sehr sein seine sich sie sind so sonntag sprechen stimmt suche tag
        tschüss uhr um und uns unser unter viel viele vielen vielleicht vier vom von vor wann war warten
        warum was welche welcher welches wenn wer werden wie wieder wiederhören wiedersehen will wir wird
        wirklich wo wollen wollte wäre würde würden zu zum zur zwei über
    """,
    "fr": """
        ai aimerais alors après arrive au aujourd' aussi autre aux avec avez avoir avons beaucoup besoin
        bien bon bonjour bonne bonsoir c' car ce ceci cela celle celui ces cet cette cher cherche chez
        combien comme comment d' dans de demain des deux dimanche dire dit donc du déjà désolé elle en
        encore entre envie est et eu faire fait faites faut heure heures hui ici il ils j' jamais je jeudi
        jour juste l' la le lequel les leur lui lundi là ma madame mais manger mardi me merci mercredi mes
        mieux moi moins mon monsieur même n' ne non nos notre nous on ont ou oui ouvert ouverte où par
        parler pas personne personnes peu peut peux plaît plus plutôt pour pourquoi pourrais pouvez prendre
        proche près qu' quand que quel quelle quelqu' quelque quelques qui quoi rien sa salut samedi sans se
        sera serait ses si soir sommes son sont sous suis sur ta table te tes toi ton toujours tout toute
        toutes trop très tu un une va vais vendredi vers veux voilà vont vos votre voudrais voudrait voulez
        vous vrai vraiment y à ça était êtes être
    """,
    "es": """
        a abierta abierto aceptan adiós ahora ahí al algo alguien alguna alguno algún allí antes apetece
        aquí así aunque aún bastante bien buen buena buenas bueno buenos busco cada casi cerca como con cosa
        creo cualquier cuando cuál cuáles cuándo cuánto cuántos cómo de debe decir del desde después dice
        disculpe domingo donde dos déjeme día días dónde el ella ellos en entonces era es esa ese eso esos
        esta estaba estamos estar este esto estoy está están favor fue fuera gracias gusta gustaría ha
        hablar había hace hacen hacer hacia hago hasta hay he hemos hola hora horas hoy ir jueves junto la
        las le les llama llamo lo los luego lunes martes mañana me media mejor menos mesa mi mis mismo
        miércoles momento muchas mucho muy más mí nada nadie necesito ni no noche nos nosotros nuestra
        nuestro o oiga otra otro para parece perdone perdón pero persona personas poco podemos podría por
        porque pueda puede pueden puedo pues que queremos quería quien quiero quisiera quién qué repetir se
        sea ser será sería señor señora si siempre sigue sin sitio sobre solamente solo somos son soy su sus
        sábado sé sí sólo también tan tarde te tenemos tengo tiene tienen todo todos tomar tu un una unos
        usted ustedes va vale vamos ver verdad vez viernes voy y ya yo él
    """,
    "it": """
        a abbiamo accettate adesso ai al alcuni all' alla alle allora altra altro anche ancora andare
        arrivederci avete avrei basta bene buona buonasera buongiorno c' carta cerco che chi chiamo ci ciao
        cioè circa col com' come con cosa così cui d' da dagli dal dalla dalle davvero degli dei del dell'
        della delle dello deve di dica dire domani domenica dopo dov' dove due e ed era eravamo esatto
        essere fa fare fate favore fino fra giorno giovedì giusto già gli grazie ha hanno ho i il in invece
        io l' la le lei lo loro lui lunedì ma mai mangiare martedì me meglio meno mercoledì mezza mi mia mie
        miei mio molto momento nei nel nella nelle nessuno niente no noi nome non nostra nostro o oggi ogni
        ora ore parlare per perché persona persone però più poco poi possiamo posso posto potete potrei
        preferisco prego prendere prenotare prima pronto proprio può qua qual qualche qualcosa qualcuno
        quale quali quando quanti quanto quell' quella quello questa questo qui quindi s' sabato sarebbe
        scusi se sei sembra sempre senta senza sera serve si siamo siete signora signore solo sono sopra sta
        stasera stata stato su sua sul sulla suo sì tavolo te ti tra troppo tu tutti tutto un un' una uno va
        vado vedere venerdì verso vi vicino vogliamo voglio voi vorrei vorremmo è
    """,
    "pt": """
        a aberta aberto abertos aceitam acho adeus afinal agora ainda algo algum alguma alguns algures
        alguém ali amanhã antes ao aos apenas apetece aqui as assim até barato bem boa boas bom cada cedo
        cerca chamo com comer comigo como contigo custa cá da das de deixe dela dele depois desculpa
        desculpe dia dias diga disse diz dizer do dois domingo donde dos duas e ela ele eles em embora
        encontrar então era esqueça essa esse esta estamos estava este estou está estão eu fala falar favor
        faz fazer fica fim foi fora gostaria gostava gosto grande hoje hora horas há isso isto jantar já lhe
        logo lugar lá mais mal manhã mas me melhor menos mesa mesmo meu meus mim minha minhas mudar mudei
        muita muitas muito muitos na nada nas nem nenhum nenhuma no noite nome nos nossa nosso num numa
        nunca não nós o obrigada obrigado oi olá onde ontem os ou outra outro ouvir para parece pela pelas
        pelo pelos pensar perto pessoa pessoas peço pode podem podemos poderia pois por porque porquê posso
        pouco pra precisamos preciso prefiro primeiro procuro quais qual quando quanta quanto quantos quarta
        que quem quer querem queria quero queríamos quinta repetir sabe saber se segunda sei seja sem sempre
        senhor senhora ser seria será seu sexta sim sobre somos sou sua sábado são só talvez também tarde te
        tem temos tenho terça tinha todo todos tudo têm um uma umas uns vai vamos ver vez você vocês vou vão
        à às é
    """,
}

_WORD = re.compile(r"[^\W\d_]+'?")
"""An elided word keeps its apostrophe: "c'est" is "c'" and "est"."""

_LEAST = 0.6
"""Everyday words it takes, at least. A word of two of the languages is half a word for each."""
_LEAD = 1.4
"""How many times more of them than the next language."""


_WORDS = {language: frozenset(words.split()) for language, words in _EVERYDAY_WORDS.items()}

KNOWN = tuple(_WORDS)
"""The languages that can be told apart, by primary tag."""


def primary(tag: str) -> str:
    """The language without region or script: "en" of "en-US"."""
    return tag.partition("-")[0].lower()


def detect(text: str, among: Sequence[str]) -> str | None:
    """Which of the tags in `among` ("en-US", "de") the text is in; None when that is not clear.

    Of two tags of one language the first is taken. A language that is not in `KNOWN` is never found, and its
    sentences may be taken for a near relative's: do not mix it with others.
    """
    tags = {primary(tag): tag for tag in reversed(among)}
    scores = dict.fromkeys(tags, 0.0)
    for word in _WORD.findall(text.lower().replace("’", "'")):  # noqa: RUF001 - recognisers write both
        having = [language for language in tags if word in _WORDS.get(language, ())]
        for language in having:
            scores[language] += 1 / len(having)
    best, *others = sorted(scores, key=scores.__getitem__, reverse=True) or [""]
    next_best = max((scores[other] for other in others), default=0.0)
    if not best or scores[best] < _LEAST or scores[best] < _LEAD * next_best:
        return None
    return tags[best]
