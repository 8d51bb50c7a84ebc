"""General knowledge of food: which kitchen a dish belongs to. Nothing about any particular restaurant."""

from __future__ import annotations

from local.voice_live.mind.matching import Matcher
from local.voice_live.mind.words import phrases, word_set

_KITCHENS = {
    "japanese": """
        sushi | sashimi | ramen | udon | soba | tempura | teriyaki | katsu | chicken katsu | katsu curry |
        miso soup | gyoza | bento | yakitori | okonomiyaki | donburi | edamame | mochi | tonkatsu | nigiri
        | maki | rice bowl
        """,
    "chinese": """
        dim sum | dumplings | peking duck | kung pao chicken | kung pao | chow mein | spring rolls | mapo
        tofu | hot pot | wonton soup | wontons | sweet and sour pork | fried rice | crispy duck | bao |
        bao buns | hot and sour soup | noodles | lo mein | szechuan beef
        """,
    "italian": """
        pizza | pizzas | pasta | spaghetti | lasagne | lasagna | risotto | tiramisu | carbonara | ravioli
        | gnocchi | margherita | pepperoni pizza | bolognese | tagliatelle | linguine | bruschetta |
        cannoli | calzone | panna cotta | gelato | ossobuco | minestrone | penne
        """,
    "indian": """
        curry | curries | tikka masala | chicken tikka masala | chicken tikka | butter chicken | samosa |
        samosas | biryani | naan | vindaloo | korma | tandoori | tandoori chicken | dosa | dosas | dal |
        paneer | palak paneer | masala dosa | rogan josh | saag | bhaji | chai | lassi
        """,
    "thai": """
        pad thai | green curry | red curry | tom yum | tom yum soup | massaman curry | satay | papaya
        salad | tom kha | mango sticky rice
        """,
    "mexican": """
        tacos | taco | burrito | burritos | quesadilla | quesadillas | nachos | enchiladas | fajitas |
        guacamole | churros | mole | ceviche
        """,
    "french": """
        steak frites | onion soup | french onion soup | crepes | croissant | croissants | duck confit |
        bouillabaisse | ratatouille | coq au vin | quiche | escargots | snails | creme brulee | boeuf
        bourguignon | souffle | foie gras | fondue
        """,
    "american": """
        burger | burgers | cheeseburger | cheeseburgers | hamburger | hamburgers | ribs | pancakes | hot
        dog | hot dogs | wings | chicken wings | mac and cheese | steak | steaks | fries | milkshake |
        barbecue | pulled pork | apple pie | waffles | cheesecake | club sandwich | ribeye | rib eye |
        sirloin | porterhouse | tomahawk | tomahawk steak | filet mignon | brisket | fried chicken |
        pastrami | bagel | bagels | crab cakes | gumbo | jambalaya | cornbread | meatloaf | brownie |
        brownies | pecan pie | key lime pie
        """,
    "lebanese": """
        hummus | falafel | shawarma | tabbouleh | mezze | kebab | kebabs | baba ghanoush | baklava |
        kibbeh | fattoush | halloumi
        """,
    "greek": "souvlaki | moussaka | gyros | tzatziki | dolmades | spanakopita | greek salad | feta",
    "seafood": """
        fish and chips | oysters | lobster | mussels | crab | prawns | scallops | salmon | cod | fish |
        fish soup | chowder | calamari | shrimp | squid | octopus | clams | tuna | sea bass | hake
        """,
    "spanish": "paella | tapas | gazpacho | chorizo | tortilla | patatas bravas | jamon",
    "korean": "bibimbap | kimchi | bulgogi | korean barbecue | korean fried chicken",
    "vietnamese": "pho | banh mi | summer rolls | bun cha",
    "turkish": "doner | doner kebab | lahmacun | pide | kofta | kofte",
    "british": """
        roast dinner | sunday roast | shepherds pie | bangers and mash | full english | english breakfast
        | scones | fish pie
        """,
    "irish": "irish stew | boxty | coddle | colcannon | soda bread | black pudding | irish breakfast",
    "ethiopian": "injera | doro wat",
    "": """
        duck | chicken | beef | lamb | pork | tofu | soup | salad | salads | rice | sandwich | sandwiches
        | bread | garlic bread | cake | ice cream | chocolate | cheese | eggs | vegetables | mushroom |
        meatballs | stew | bacon | breakfast | brunch
        """,
}

CUISINE_OF: dict[str, str] = {
    dish: kitchen for kitchen, dishes in _KITCHENS.items() for dish in phrases(dishes)
}
"""Each dish or food with the kitchen it is at home in, empty for those at home everywhere."""

MENU_SECTIONS = frozenset(
    phrases(
        """
    dessert | desserts | starter | starters | mains | main courses | main dishes | drinks | cocktails |
    wine | wines | wine list | sides | side dishes | appetizers | appetisers | puddings | soups | beers
    """
    )
)

SECTION_NAMES = {"puddings": "desserts", "appetizers": "starters", "appetisers": "starters"}
"""Parts of a menu that go by two names, and the more usual one."""

CUISINE_PHRASES: dict[str, str] = {
    "mediterranean": "italian", "cantonese": "chinese", "szechuan": "chinese", "sichuan": "chinese",
    "tex mex": "mexican", "sea food": "seafood", "see food": "seafood", "middle eastern": "lebanese",
}  # fmt: skip
"""Other words for a kitchen."""

KINDS_OF_FOOD = word_set(
    """
    food restaurant restaurants place places cuisine cooking kitchen dish dishes meal dinner one takeaway
    """
)
"""Words that follow the name of a kitchen: "Thai food"."""

SOUNDS_LIKE = {
    "stake": "steak", "stakes": "steaks", "muscles": "mussels", "moose": "mousse", "bred": "bread",
    "lam": "lamb", "source": "sauce", "role": "roll", "roles": "rolls", "soul": "sole", "leak": "leek",
    "currie": "curry", "currys": "curries", "pitsa": "pizza", "talks": "tacos", "taco's": "tacos",
    "tacoes": "tacos", "crapes": "crepes", "ram in": "ramen", "raymond": "ramen", "shoe she": "sushi",
    "sue she": "sushi", "hum us": "hummus", "pie ella": "paella",
}  # fmt: skip
"""Words that a recogniser writes for foods of the same sound."""

FOOD_WORDS: frozenset[str] = frozenset(
    word for phrase in (*CUISINE_OF, *_KITCHENS, *CUISINE_PHRASES) for word in phrase.split()
)
"""Words of dishes and kitchens, which name no restaurant by themselves."""

DISHES = Matcher(
    sorted(CUISINE_OF),
    phrases={heard: food for heard, food in SOUNDS_LIKE.items() if food in CUISINE_OF},
    general=FOOD_WORDS,
)
"""Finds a known dish in a sentence, misspelled or not."""
