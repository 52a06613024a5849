"""Everyday English words for codes that people say to each other (DESIGN section 8).

Plain, friendly, four to ten letters, no two within one letter of each other; nothing about violence, custody,
family, the body, religion, or alcohol. Changing the list spoils no agreed code: codes are kept as hashes.
"""

_LIST = """
accordion acorn acrobat actor adventure advice aeroplane afternoon airport album almond alpaca
alphabet alpine amber amethyst anchor animal anorak answer antelope antique antler appetite apple
apricot apron aquarium architect armadillo armchair artichoke artist asparagus aspen asteroid
astronaut athlete atlas attic auburn autumn avenue avocado awning bagel bagpipe balcony ballad
balloon balsam bamboo banana banjo banner banquet barge barley barometer barrel basil basket beaker
bean beanbag beanstalk beetroot beige belt bench bicycle bilberry billboard binoculars birch bird
biscuit bison blanket blazer blossom bluebell blueberry boathouse bobbin bonnet bookcase bookmark
bookshop boot border boulder boulevard bouquet bowl bowler bracelet bramble branch brass bread
breakfast breeze brick broadcast broccoli brochure broom brush bubble bucket buckle buffalo buffet
builder bulb bumblebee bungalow bunting butter buttercup butterfly butternut button buzzard cabaret
cabbage cabin cabinet cactus calendar camel camera campsite canal canoe canvas canyon cappuccino
caramel caravan cardamom cardboard cardigan carnival carousel carpet carriage cartoon cartwheel
cassette castle catalogue catkin cedar celery cello cereal chaffinch chair chalk chamber chameleon
champion channel chapter charcoal charm cheese cheetah cherry chestnut chimney china chocolate
chopstick chorus chutney cicada cinema cinnamon circle circus citrus city clarinet classroom clay
clementine clipboard clothes cloud clover club coaster cobbler cockatoo coin colander collar college
column comb comedy comet comic compass concert confetti conker cookie coral corduroy coriander
corner cornflower corridor cosmos costume cottage cotton couch country courtyard cowslip cranberry
crane crayon cream cricket crocus croissant crossword crumble cube cuckoo cucumber cupboard cupcake
curlew currant curry curtain cushion cutlery cycle cymbal cypress daffodil daisy damson dance
dandelion daylight dazzle deckchair decorator deer denim desk dessert dewdrop diagram diamond diary
dictionary dinghy dinner dinosaur dish dolphin dome domino donkey door doorbell dormouse doughnut
downhill dragonfly drawing drizzle drum duck duckling dune eagle earring earth easel ebony echo
eclair eggcup eggshell elastic elder electric elephant emblem embroidery emerald encore engine
envelope espresso evening evergreen explorer express fabric factory fair fairground falcon farmer
farmhouse fashion feast fern ferry festival fiddler field fiesta film finch firefly fireplace flag
flagpole flamingo flannel flapjack flavour fleece flock floral florist flour flower flute folder
foliage football footbridge footpath forest fork fortnight fossil foxglove frame freezer fresco
fringe frog frost fruit fudge furniture gadget galaxy gallery gallop garage garden gardener garland
garlic garnet gate gazebo gecko gemstone geography geranium gherkin gingham giraffe glacier glade
glider glitter glow goal goggles gold goldfinch gondola gooseberry gramophone granite grapefruit
graph gravel greenhouse griddle grocer grotto grove guitar gymnasium gymnast hairbrush hallway
hammock hamper handbag handle harbour harmonica harmony harp harvest hatbox hazel hazelnut headland
headphones hedge hedgehog helicopter helmet herb hexagon hillside hilltop hockey holiday holly honey
honeycomb hoop hopscotch horizon horn hornbeam hotel hovercraft hyacinth iceberg icing igloo iguana
indigo inkwell insect interval iris island ivory jackdaw jackpot jamboree jasmine jeans jelly
jellyfish jersey jetty jewel jigsaw joiner journal journey jubilee juggler juice jumper jungle
juniper kangaroo karaoke kayak ketchup kettle keyboard kingfisher kiosk kitchen kite kiwi knapsack
knitting knot koala label lacquer ladder ladle ladybird lagoon lakeside lamp lamppost landscape lane
language lantern laptop lapwing larch laundry lavender lawn lawnmower leaf leek lemon lemonade lemur
leopard lesson letter lettuce level library lighthouse lilac lily lime limerick limestone linen lion
lizard lobby lobster locomotive lodge loft lollipop lorry lotus lounge luggage lunch lupin lynx
macaroni magnet magnolia magpie mahogany mailbox mallard mammoth manatee mandarin mandolin maple
marathon marble marigold marina mariner market marmalade marsh mast mayfly meadow measure meerkat
melody menu meteor microscope midsummer milkshake mill mineral minnow mint mirror mitten moat model
monsoon moonlight moorland morning mosaic moss motor motorbike mountain mouse mulberry mural museum
mushroom music mustard myrtle napkin nature nectar nectarine newspaper noodle noon north notebook
nougat novel nuthatch nutmeg nylon oasis oatcake oatmeal obelisk oboe ocean octopus office olive
omelette onion opera orbit orchard orchestra orchid oregano origami osprey ostrich oval oven
overcoat oyster paddock paint palace palette palm pamphlet pancake panda panorama panther papaya
paper paprika papyrus parachute parade parakeet parasol parcel park parrot parsley parsnip partridge
passport pasta pastel pastry path patio pattern pavement pavilion peach peacock peanut pearl pebble
pecan pelican pencil pendulum penguin peony pepper peppermint percussion pergola periwinkle petal
pewter photo piano piccolo picnic picture pier pigeon pilot pinafore pineapple pinwheel pipe
pistachio pizza planet plate platform platinum platypus playground plaza plum plumber podium pole
polka pollen poncho pond popcorn poplar porcelain porch porcupine porridge port portfolio portrait
postbox postcard potato potter prairie primrose printer prism prize propeller pudding puddle puffin
pulley pumpkin puppet purse puzzle pyjamas pyramid quarry quartet quartz quaver quiche quilt quince
quiz rabbit racehorse radiator radio radish raft rafter railway rainbow raincoat raindrop raisin
raspberry ravine ravioli record rectangle redwood reef referee reindeer restaurant rhapsody rhubarb
rhythm ribbon rice ridge ring ripple river riverbank robin robot roof rooftop rose rosemary
roundabout rowan rowboat rucksack rugby ruler saddle safari saffron sage salad salmon salt sand
sandal sandcastle sandpiper sandwich sapling sapphire satchel satin saucepan saucer sausage savanna
saxophone scallop scarf scarlet school science scooter scrapbook script sculptor seafront seagull
seahorse seashell season seat seaweed seed semolina sequin sesame shallot shampoo shamrock shape
sheep shell sherbet shoelace shop shoreline shortbread shorts shovel shrub sideboard signal silk
silver singer skateboard sketch skirt skittle skylark skyline sleeve slide slipper slope smoothie
snail snorkel snow snowdrop snowflake snowman sock socket sofa solar sonata song soprano sorbet soup
south souvenir spade spaghetti spaniel spanner sparkle sparrow spectrum spinach spiral sponge spoon
spruce square squash squirrel stable stadium staircase stamp star starfish starling station statue
stencil stew stone story strawberry stream street string studio suitcase summer summit sundial
sunflower sunrise sunset sunshine swallow swan sweater sweetcorn swift swing sycamore symphony syrup
tadpole taffeta tailor tamarind tambourine tangerine tango tapestry tarragon tartan taxi teacup
teapot teaspoon telegram telephone telescope tennis tent terrace textile thatch theatre thimble
thread thrush thyme tiger tile timber timetable tiramisu toad toast toboggan toffee tomato
toothbrush topaz topiary tortoise toucan tower town tractor train tram trampoline treacle treasure
tree treehouse trellis triangle triathlon tricycle trifle trolley trombone trophy trout trowel
trumpet tugboat tulip tundra tunic tunnel turbine turmeric turnip turquoise turret turtle typewriter
ukulele umbrella unicorn unicycle upland upstairs utensil vacuum valley vanilla vase vegetable
velvet veranda vermilion verse viaduct village vinegar vineyard violet violin volcano volleyball
voyage waffle wagon waistcoat wallet wallflower wallpaper walnut walrus warbler wardrobe warm water
watercress waterfall waterlily watermelon wave weather weekend welcome west wetland whale wharf
wheat wheel whirlpool whistle wicket widget wildflower willow windmill window windsock winter
wisteria wombat wonder woodland woodpecker wool woollen workshop wren writer xylophone yacht yarn
yoga yoghurt yolk zebra zigzag zipper zone
"""

WORDS: tuple[str, ...] = tuple(_LIST.split())
