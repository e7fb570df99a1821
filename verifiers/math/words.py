# ruff: noqa: SIM905, RUF001 (word lists read better as text; Chinese punctuation is meant)
"""The words that may stand around a number without changing it. Closed lists: a word that is not here is not read.

An allow-list, since nobody can list the words that scale, negate, order or approximate a number (millionths, tenfold,
reciprocal, ppm, sevens, bn, successor, about). So no word belongs here that counts or multiplies (dozen, pair, decade,
half, times, part, digit, zero), compares (more, less, extra, short, below), takes away (loss, debt, off), names an
operation (square, cube, root, log, power, sum of) or joins another thought (not, and, or, but, than).

English nouns are singular; `singular` undoes their plurals.
"""

from __future__ import annotations

_PEOPLE = """
person people human man woman child kid boy girl baby toddler adult teenager senior junior freshman sophomore student
pupil schoolchild teacher professor coach principal player athlete member friend guest visitor customer client worker
employee employer boss manager farmer soldier sailor pilot captain passenger driver rider runner swimmer dancer singer
musician actor artist author writer reader doctor nurse patient dentist vet chef cook baker butcher waiter waitress
neighbor neighbour cousin brother sister sibling son daughter parent mother father mom mum dad uncle aunt niece nephew
grandchild grandson granddaughter grandparent grandmother grandfather grandma grandpa husband wife classmate teammate
roommate coworker colleague voter resident citizen tourist traveler camper hiker climber scout lawyer officer
policeman fireman firefighter engineer scientist programmer gardener painter builder carpenter plumber electrician
mechanic janitor clerk cashier shopper buyer seller owner tenant volunteer donor winner participant contestant
competitor applicant candidate spectator fan viewer attendee crew team family class classroom group club crowd army
king queen prince princess knight wizard pirate monster alien ghost zombie robot elf fairy giant
"""
_ANIMALS = """
animal pet dog puppy cat kitten bird chicken hen rooster chick duck duckling goose turkey pigeon parrot owl eagle crow
swan penguin peacock fish goldfish shark whale dolphin tuna salmon trout crab lobster shrimp oyster clam octopus squid
turtle tortoise frog toad snake lizard crocodile alligator dinosaur dragon horse foal donkey cow calf bull cattle
sheep lamb goat pig piglet rabbit bunny hare hamster mouse rat squirrel fox wolf bear lion tiger leopard cheetah
elephant giraffe zebra monkey gorilla ape chimpanzee panda koala kangaroo camel deer moose elk bat hedgehog skunk
raccoon beaver otter seal walrus bug insect ant bee wasp fly mosquito butterfly moth caterpillar spider beetle ladybug
grasshopper cricket worm snail slug egg nest feather tail leg wing horn paw eye ear tooth hand finger toe arm head
nose hair
"""
_FOOD = """
food meal breakfast lunch dinner supper snack dessert apple orange banana pear peach plum cherry grape grapefruit
lemon lime mango papaya pineapple coconut melon watermelon cantaloupe apricot fig kiwi strawberry blueberry raspberry
blackberry cranberry berry fruit vegetable veggie tomato potato carrot onion garlic cucumber pepper lettuce cabbage
broccoli cauliflower spinach celery corn pea bean pumpkin zucchini eggplant mushroom olive avocado radish beet turnip
nut peanut almond walnut cashew pecan seed grain rice wheat flour sugar salt spice oat bread loaf bun bagel toast
sandwich burger hamburger cheeseburger hotdog pizza taco burrito salad soup stew pasta noodle spaghetti dumpling sushi
steak beef pork ham bacon sausage meat meatball rib fillet nugget fry chip cracker pretzel popcorn cookie biscuit
brownie cake cupcake pie muffin donut doughnut pastry croissant tart pancake waffle candy chocolate caramel lollipop
gumball gum gummy jellybean jelly jam marshmallow mint honey syrup butter cheese milk cream yogurt ice juice soda
water lemonade tea coffee beer wine cocktail drink beverage smoothie milkshake sauce ketchup mustard oil vinegar
recipe ingredient serving scoop slice piece bite crumb treat
"""
_CONTAINERS = """
bottle can glass mug bowl plate dish tray pan pot jar jug pitcher box bag sack basket bucket barrel crate carton case
container package packet parcel bundle bunch pile stack roll tube tin sheet stick bar block brick tile chunk tank
trunk chest drawer shelf rack cage aquarium pen bin
"""
_THINGS = """
thing item object article product good toy doll ball balloon marble card sticker stamp coin bill ticket coupon voucher
token medal trophy prize gift present book notebook textbook workbook novel comic magazine newspaper page chapter
paragraph sentence line word letter poem story song pencil crayon marker eraser ruler paper envelope folder binder
backpack purse wallet suitcase shirt tshirt blouse sweater sweatshirt jacket coat dress skirt pant jean sock shoe boot
sandal sneaker hat scarf glove mitten belt button zipper uniform costume outfit bead bracelet necklace ring earring
jewel gem diamond pearl watch clock phone cellphone computer laptop tablet keyboard screen printer camera photo
photograph picture painting drawing poster video movie film episode album game puzzle lego domino die point goal
touchdown lap question problem exercise test quiz exam assignment project task job chore lesson course homework vote
car truck bus van taxi train plane airplane helicopter boat ship canoe kayak bike bicycle motorcycle scooter
skateboard wagon cart tractor vehicle wheel tire engine seat door window wall floor roof room bedroom bathroom kitchen
house home apartment building tower castle store shop school office hospital hotel restaurant library museum park zoo
farm garden field yard street road bridge city town village country island river lake pond pool beach mountain hill
tree plant flower rose tulip daisy lily sunflower orchid bouquet petal leaf branch bush shrub vine acorn grass
seedling rock stone pebble shell star planet cloud snowflake snowball snowman table desk chair couch sofa bench stool
bed pillow blanket towel curtain rug carpet lamp light bulb candle mirror cabinet closet fridge oven stove sink brush
comb toothbrush soap tool hammer nail screw bolt saw drill shovel rake rope string ribbon thread yarn fabric cloth
quilt needle battery wire chain key lock flag sign kite drum guitar piano violin trumpet instrument stair ladder rail
fence post pole sail tent camp backyard cup spoon fork knife napkin straw trip visit walk ride flight tour vacation
session meeting appointment interview call message email text download file program app website account subscription
membership machine device shift party concert show performance race event tournament match season practice routine
workout pushup situp squat jump step stop sandbox swing slide trail path route pile money cash salary wage pay income
earning revenue profit saving penny nickel dime peso seashell figure figurine cone baseball football basketball
volleyball frisbee pokemon lightbulb flashlight postcard necktie headband keychain sculpture statue brochure leaflet
flyer donor sketch lantern crystal bone bean bonnet brooch cherry pod hive pumpkin cracker packet budget allowance
rent cost price fee tip tax fare change payment donation fund expense bonus pension deposit balance
"""
_MORE_THINGS = """
firework load laundry leftover stripe instruction thorn unicorn tadpole flamingo stitch gun skein row signature pack
badge utensil slat state check sunscreen crawfish cycle mask bandage blood eyeshadow color bookcase telephone beaker
gnome gecko section pill gravel mosaic shingle clay material wool fuel experience birdseed action glue tape chalk ink
sponge cork coaster pitch cactus fern pansy carnation marigold sapling orchard crop harvest bushel hay lawn weed mulch
soil sand dirt lens frame magnet charm locket tiara crown sword shield armor arrow bow spear cannon rocket spaceship
drone satellite submarine yacht raft ferry cruise airport station platform track tunnel highway lane avenue corridor
hallway elevator balcony porch patio garage basement attic cellar chimney gate doorbell mailbox letterbox gallery
theater theatre cinema stadium arena gym court rink playground carnival circus fair festival parade wedding cabin hut
igloo cottage mansion palace temple church mosque cathedral monument fountain bakery cafe diner pub supermarket market
mall stall booth kiosk bank clinic pharmacy lab laboratory studio warehouse depot mill mine quarry farmhouse barn
stable coop kennel hutch pasture meadow forest jungle desert swamp ocean sea bay gulf coast shore reef volcano valley
canyon cave cliff waterfall stream creek iceberg glacier storm hurricane tornado flood earthquake rainbow raindrop
snow rain sunset sunrise charger cable headphone earphone speaker microphone radio television tv console controller
joystick mousepad router modem server blog podcast channel playlist lyric melody beat pianist violinist drummer choir
orchestra band soloist conductor audience patron pedestrian cyclist jogger skater skier surfer diver golfer bowler
batter catcher goalie referee umpire mayor senator president governor delegate ambassador spy detective thief robber
prisoner guard cereal granola muesli porridge omelet omelette kebab lasagna ravioli curry tofu cheesecake pudding
custard sundae sorbet popsicle fudge toffee truffle licorice gummybear lozenge vitamin capsule syringe bandaid crutch
wheelchair stretcher gown robe pajama tuxedo suit vest hoodie cardigan poncho raincoat umbrella goggles helmet kneepad
skate ski sled snowboard surfboard paddle oar racket puck dart hoop net whistle stopwatch scoreboard certificate
diploma award highlighter stapler staple paperclip thumbtack pushpin clipboard whiteboard blackboard globe atlas map
dictionary encyclopedia report essay memo invitation scrapbook journal diary calendar planner checklist minnow guppy
angelfish eel stingray jellyfish starfish seahorse coral barnacle iguana chameleon salamander newt ferret gerbil
chipmunk mole weasel badger bison buffalo antelope gazelle hippo hippopotamus rhino rhinoceros yak llama alpaca
ostrich emu toucan pelican stork heron robin sparrow woodpecker hummingbird canary finch raven seagull vulture falcon
hawk pomegranate guava lychee nectarine tangerine clementine plantain raisin prune chestnut hazelnut pistachio
artichoke asparagus leek parsnip yam cassava lentil chickpea soybean kidney ginger cinnamon vanilla basil herb relish
salsa dip gravy broth dough crust filling topping frosting icing sprinkle wafer buck staff relative
"""
_GEOMETRY = """
way solution possibility outcome arrangement choice option triangle circle rectangle polygon vertex edge face side
angle corner diagonal subset element integer segment region term
"""
_TIMES = """
second minute hour day night morning afternoon evening noon weekend weekday week month year semester summer winter
spring autumn birthday holiday sunday monday tuesday wednesday thursday friday saturday january february march april
june july august september october november december today tomorrow
"""

TIMES = frozenset(_TIMES.split())
NOUNS = frozenset((_PEOPLE + _ANIMALS + _FOOD + _CONTAINERS + _THINGS + _MORE_THINGS + _GEOMETRY).split())
ADJECTIVES = frozenset(
    """
    red orange yellow green blue purple pink black white brown gray grey golden silver big small large little tiny
    huge tall long wide deep high thick old new young fresh ripe rotten whole full empty broken clean dirty happy sad
    good bad free used plastic wooden metal cotton wool leather paper sweet sour hot cold frozen cooked baked fried
    boiled hard soft male female local public private electric magic stuffed colored striped spotted regular special
    rare common blank strawberry vanilla chocolate cheap expensive heavy daily weekly monthly yearly annual
    """.split()
)
# Behind a number and its noun, or alone behind a number: 18 apples left, 18 each, 18 in total.
CLOSERS = frozenset(
    "left remaining each total altogether overall together apiece away apart originally combined again".split()
)
# Not here: when, while, which, if. What stands behind these is another thought.
FUNCTION_WORDS = frozenset(
    """
    the a an this that these those his her their its our my your he she they it we i you there here in on at for with to
    of by from per every all only just exactly still now then so also finally has had is are was were be been will would
    can have does do did
    """.split()
)
VERBS = frozenset(
    """
    is are was were be equals equal has have had makes make made earns earn earned gets get got gains gained needs
    need needed requires require required takes take took pays pay paid spends spend spent saves save saved sells sell
    sold buys buy bought costs cost gives give gave receives receive received eats eat ate eaten drinks drink drank
    uses use used wants want reads read writes write wrote walks walk walked runs run ran drives drive drove travels
    travel traveled rides ride rode flies flew swims swim swam works work worked sleeps sleep slept plays play played
    scores score scored wins win won collects collect collected picks pick picked plants plant planted bakes bake
    baked cooks cook cooked draws draw drew paints paint painted builds build built cuts cut fills fill filled holds
    hold held contains contain contained weighs weigh weighed measures measure measured lasts last lasted totals
    totaled stays stay becomes became keeps keep kept brings bring brought carries carry carried counts counted finds
    find found sees see saw produces produce produced grows grow grew charges charge charged donates donate donated
    completes complete completed finishes finish finished leaves leave left remain remains remained lives live lived
    feeds feed fed sends send sent shares ordered orders order packs pack packed serves serve served catches catch
    caught spending earning
    selling reading watching studying working playing swimming singing walking running driving practicing cooking baking
    cleaning waiting sleeping eating remaining
    """.split()
)
# Subjects of a closing sentence: the number of apples is 18.
SUBJECTS = frozenset(
    """
    number total amount sum value answer result length width height depth area perimeter volume weight mass distance
    speed rate age time score cost price profit salary average mean median probability temperature final difference
    product quotient count population size combined maximum minimum remainder slope radius diameter circumference
    determinant coefficient percentage variance expectation expression equation function line curve sequence series
    hypotenuse altitude divisor intercept ratio discount interest polynomial greatest largest smallest highest
    lowest longest shortest possible required correct positive integer overall remaining original new them
    solution solutions set roots digits measure expected prime factor term terms pair pairs ordered values data points
    both such probability
    """.split()
)
# The phrases on which a number may follow directly, beside a verb.
LEAD = (
    r"(?:(?:total|speed|rate|average|distance|profit) of|"
    r"(?:equal|equals|comes?|comes? out|adds? up|amounts?|sums?|works? out|evaluates|simplifies) to)"
)

# Words that scale the number before them: no such list is whole, so it only serves outside of a box.
SCALES = frozenset(
    """
    hundred thousand million billion trillion hundreds thousands millions billions trillions dozen dozens halves thirds
    quarters fourths fifths tenths hundredths thousandths millionths percent percentage pct permille ppm bps squared
    cubed factorial tenfold fold lakh lakhs crore crores tens bn mln
    """.split()
)
# What a data set's own word behind a number may not be; the rest of its unknown words are taken for nouns.
NOT_NOUNS = SCALES | frozenset(
    """
    zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy
    eighty ninety score scores half third quarter fourth fifth tenth hundredth pair pairs couple couples trio decade
    decades century centuries millennium fortnight square cube root roots power powers plus minus times over under
    divided mod modulo and or nor not never but except if than then less fewer more greater smaller bigger from off
    out percentile point points mille basis part parts are was were isn aren wrong right false true incorrect
    correct maybe perhaps probably approximately approx about around almost nearly roughly between instead rather
    actually else otherwise wait because since twice double triple thrice quadruple multiple multiples negative
    positive sqrt sine cosine gross grosses remainder upwards downwards short below above beyond ago reciprocal
    inverse opposite complement successor predecessor grand myriad digits digit zeros zeroes loss debt deficit
    """.split()
)
NOT_NOUN_ENDINGS = r"(?:illions?|teens?|folds?|(?:i[ex]|gh|ven|x|f|in|en|nd|on|red|sand)ths?|uple[sd]?|uplets?)"

_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "mice": "mouse", "geese": "goose", "teeth": "tooth",
    "feet": "foot", "knives": "knife", "wives": "wife", "shelves": "shelf", "leaves": "leaf", "loaves": "loaf",
    "calves": "calf", "wolves": "wolf", "elves": "elf", "vertices": "vertex", "dice": "die", "policemen": "policeman",
    "firemen": "fireman", "snowmen": "snowman", "freshmen": "freshman", "schoolchildren": "schoolchild",
    "grandchildren": "grandchild", "persons": "person", "people": "person",
}  # fmt: skip


def singular(word: str) -> str:
    """The singular of a plural, lower case; of a word that is in no list, the word without its s."""
    word = word.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        base = word[: -len(ending)] + instead
        if word.endswith(ending) and (base in NOUNS or base in TIMES):
            return base
    return word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word


CHINESE_COUNTERS = frozenset(
    """
    个 只 条 张 本 支 枝 块 头 匹 辆 架 台 件 朵 棵 株 颗 粒 片 间 座 层 段 根 把 盒 箱 袋 包 瓶 杯 碗 盘 桶 罐 串 束
    篮 筐 名 位 口 户 组 班 排 行 列 队 页 篇 首 章 节 步 次 回 遍 场 门 分 岁 人 艘 幅 套 枚 份 所 家 扇 面 道 题 票
    种 类 样 字 词 句 圈 轮 届 期 级 声 顿 餐 壶 捆 卷 册 集 部 项 笔 封 幢 栋 车 船 盆 堆 群 桌 床 节课 个人 只脚
    级台阶 人次
    """.split()
)
CHINESE_NOUNS = frozenset(
    """
    人 学生 同学 男生 女生 小朋友 孩子 老师 工人 农民 客人 乘客 顾客 观众 游客 队员 队 职工 居民 战士 运动员 朋友 苹果
    梨 桃 桃子 橘子 橙子 香蕉 西瓜 草莓 葡萄 樱桃 芒果 水果 菠萝 柿子 枣 鸡蛋 蛋 蛋糕 面包 饼干 糖 糖果 巧克力 牛奶
    果汁 饮料 水 大米 米 面粉 蔬菜 白菜 萝卜 土豆 西红柿 黄瓜 玉米 包子 饺子 月饼 汉堡 鸡 鸭 鹅 兔 兔子 羊 牛 马 猪 狗
    猫 鱼 鸟 猴 猴子 猴儿 老虎 狮子 大象 熊猫 松鼠 蜜蜂 蝴蝶 青蛙 乌龟 鸽子 燕子 蚂蚁 动物 腿 脚 头 花 红花 玫瑰 树
    松树 柳树 杨树 果树 苹果树 梨树 桃树 树苗 草 叶子 球 篮球 足球 排球 皮球 乒乓球 羽毛球 气球 玻璃球 书 图书 故事书
    科技书 文艺书 连环画 本子 练习本 笔记本 铅笔 钢笔 圆珠笔 笔 彩笔 橡皮 尺子 书包 纸 画 图画 卡片 邮票 贺卡 照片
    玩具 娃娃 积木 风筝 衣服 上衣 裤子 裙子 鞋 鞋子 帽子 手套 袜子 扣子 钮扣 布 桌子 椅子 凳子 床 灯 电灯 钟 手表 电视
    电视机 电脑 手机 冰箱 洗衣机 机器 零件 产品 玩具车 汽车 小汽车 卡车 货车 客车 自行车 三轮车 火车 飞机 轮船 船 座位
    房间 教室 房子 楼 盒子 箱子 袋子 瓶子 杯子 碗 盘子 篮子 砖 石头 沙子 水泥 煤 钢材 木头 木材 油 汽油 药 电线 绳子
    铁丝 钱 硬币 奖品 礼物 礼品 票 门票 电影票 车票 题 题目 数学题 口算题 应用题 字 汉字 生字 课文 台阶 楼梯 三角形
    正方形 长方形 圆 图形 角 边 课 作业 节目 比赛 红旗 小旗 花盆 花瓶 西服 小时 月 星期 学期 组 班 座 窗户 门 路 桥 田
    地 菜 饭 茶 茶叶 酒 蜡烛 电池 地砖 瓷砖
    """.split()
)
# Behind a length, a weight or an age: 5米长, 5千克重.
CHINESE_CLOSERS = "长|宽|高|深|远|重|大|钱|整"
# The words of a Chinese closing sentence before its number, which ends in one of the verbs.
CHINESE_VERBS = (
    "一共有|一共是|一共要|一共|总共有|总共是|总共|共有|共需要|共需|共要|共|还剩下|还剩|剩下|剩余|剩|还有|还要|还需要|还需|还能|"
    "可以|能够|能|需要|需|要用|要|应该是|应该|应为|应是|应付|应找|应|就是|就有|是|为|有|得到|得|等于|花了|花费|花|用了|用去|用|"
    "付了|付|赚了|赚到|赚|找回|找|买了|买|卖了|卖出|卖|走了|走|行驶|行|跑了|跑|飞行|飞|吃了|吃|看了|看|做了|做|写了|写|种了|种|养了|养|"
    "运了|运走|运|装了|装|修了|修|生产了|生产|加工|参加的有|来了|坐了|坐|住了|住|分到|分得|拿了|拿到|拿|长|宽|高|重"
)
CHINESE_LEAD = (
    "因此|所以|故|综上所述|综上|答案|结果|最后|最终|现在|原来|这时|这样|那么|于是|今天|昨天|明天|今年|去年|每天|每小时|每分钟|每人|"
    "平均|他们|她们|它们|我们|你们|他|她|它|我|你|爸爸|妈妈|爷爷|奶奶|哥哥|姐姐|弟弟|妹妹|叔叔|阿姨|老师|小[明红华丽刚强军亮芳兰英东"
    "平文林花宁青雨玲娟龙方力伟张王李刘陈杨赵黄周吴]|全班|全校|全家|学校|班级|班里|商店|工厂|果园|农场|动物园|公园|图书馆|水果店|"
    "参加|合唱队|足球队|距离|时间|速度|面积|周长|体积|长度|宽度|高度|重量|年龄|价格|总价|单价|总数|总和|数量|人数|总人数|钱数|路程|"
    "最大值|最小值|最大公因数|最大公约数|最小公倍数|概率|余数|半径|直径|边长|棱长|平均数|中位数|众数|百分率|甲数|乙数|丙数|这个数|原数|"
    "答|的|和|在|里|中|上|家|店|班|只|就|都|也|了|到|时|后|个|这个|那个|这些|这|那|两地|甲|乙|丙|两|[,:，：、 ]"
)
