"""Vietnamese."""

from __future__ import annotations

from synth.language.numerals import SyllableNumerals
from synth.language.table import (
    DateTable,
    FragmentTable,
    LanguageTable,
    NameTable,
    NumberTable,
    PolarityTable,
    PromptTable,
    ReplyTable,
    SegmentationTable,
    SentenceFilterTable,
    opposites,
    vocabulary,
    words,
)

#: Capitals: in the block of letters with two marks, capitals and small letters alternate.
_CAPITAL = "A-ZÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐĨŨƠƯ" + "".join(map(chr, range(0x1EA0, 0x1EFA, 2)))

_UNITS = {
    "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "nhăm": 5, "sáu": 6, "bảy": 7,
    "bẩy": 7, "tám": 8, "chín": 9,
}  # fmt: skip

TABLE = LanguageTable(
    code="vi",
    name="Vietnamese",
    rank=1,
    regions=("VN",),
    shared=True,
    frequent=words(
        "là của và các được không những một cho đã với người trong này có khi đến ông bà tại ngày về vào từ ra năm"
    ),
    # With two marks, a hook, a dot below, or a bar.
    letters=r"[ăơưđĩũạ-ỹ]",
    relative_length=1.0,
    vocabulary=vocabulary(
        "write: viết soạn; list: danh_sách liệt_kê; word: từ_ chữ_; sentence: câu_; paragraph: đoạn; letter: thư_ "
        "chữ_; poem: thơ_; song: bài_hát ca_khúc; story: câu_chuyện truyện; essay: bài_luận luận_văn tiểu_luận "
        "bài_viết; title: tiêu_đề tựa_đề; question: câu_hỏi hỏi_ thắc_mắc vấn_đề; answer: trả_lời phản_hồi câu_trả "
        "đáp_án; example: ví_dụ chẳng_hạn; summary: tóm_tắt; describe: mô_tả miêu_tả; explain: giải_thích; create: "
        "tạo; include: bao_gồm gồm_ có_ đưa; highlight: nổi_bật đánh_dấu tô_; section: phần_ mục_; keyword: từ_khóa "
        "từ_khoá; language: ngôn_ngữ tiếng; english: tiếng_anh; comma: dấu_phẩy; bullet: gạch_đầu dấu_đầu điểm_; "
        "exactly: chính_xác đúng_; without: không_; between: giữa; number: số_; function: hàm_ chức_năng; return: "
        "trả_; integer: số_nguyên; people: người; woman: phụ_nữ đàn_bà cô_; man: đàn_ông người; child: trẻ con_ "
        "em_bé; family: gia_đình; friend: bạn_; house: nhà_; city: thành_phố thị_trấn; country: quốc_gia nước_ "
        "đất_nước; world: thế_giới; water: nước_; food: thức_ăn thực_phẩm đồ_ăn món_ăn; day: ngày; week: tuần; "
        "month: tháng; year: năm_ tuổi; night: đêm tối; morning: sáng; today: hôm_nay ngày_nay; school: trường học; "
        "student: học_sinh sinh_viên; teacher: giáo_viên thầy; money: tiền; book: sách; movie: phim; music: âm_nhạc "
        "nhạc; game: trò_chơi trận_; name: tên; life: cuộc_sống đời_ sống; war: chiến_tranh; police: cảnh_sát "
        "công_an; government: chính_phủ; president: tổng_thống chủ_tịch; company: công_ty; price: giá_; car: ô_tô "
        "xe_; door: cửa; hand: tay; eye: mắt; head: đầu; heart: tim_ trái_tim; face: mặt; fire: lửa cháy; light: "
        "ánh_sáng đèn nhẹ; tree: cây; river: sông; sea: biển đại_dương; mountain: núi; animal: động_vật con_vật; "
        "dog: chó; cat: mèo; white: trắng; black: đen_; red: đỏ; green: xanh; blue: xanh; new: mới; old: cũ_ già "
        "tuổi; young: trẻ; small: nhỏ bé_ chút; good: tốt hay_ tuyệt; never: không_bao_giờ chưa_bao_giờ; because: "
        "vì_ bởi do_; before: trước; after: sau_; if: nếu; but: nhưng; when: khi_; where: ở_đâu nơi; who: ai_ "
        "người; why: tại_sao vì_sao; how: như_thế_nào cách; all: tất_cả mọi toàn; three: ba_; two: hai_; first: "
        "đầu_tiên thứ_nhất trước; last: cuối trước vừa_qua; same: cùng_ giống; different: khác; help: giúp hỗ_trợ; "
        "product: sản_phẩm; customer: khách_hàng; health: sức_khỏe sức_khoẻ y_tế; history: lịch_sử; science: "
        "khoa_học; computer: máy_tính; recipe: công_thức; benefit: lợi_ích"
    ),
    segmentation=SegmentationTable(
        before_names=words(
            "tp t.p tx tt gs pgs ts ths th.s bs bsck cn ks kts ls nsnd nsưt nsut ns đ/c đc ô q p h x ts.bs pgs.ts "
            "gs.ts gs.tskh tskh pgs.tskh ts.ls ths.bs tg đt sđt vd"
        ),
        before_numbers=words("tr"),
        may_end=words("v.v vv"),
        openers=words(
            "ông bà anh chị cô các những một trong theo tại từ ngày năm khi sau trước tuy nhưng và do để với đây đó "
            "cơ người nhiều hiện hôm vì nếu cũng không chúng tôi đến về lực cảnh công"
        ),
    ),
    numbers=NumberTable(
        numerals=SyllableNumerals(
            _UNITS, "trăm", words("lẻ linh"), "mười", ("mươi", "chục"), words("mốt năm"), words("năm")
        ),
        weak=words("một năm tư mốt lăm nhăm không ba bảy chín chục"),
        ordinals={},
        fractions={},
        fraction_marker="phần",
        half=words("nửa"),
        halves=words("rưỡi"),
        magnitudes={10**3: "nghìn ngàn", 10**6: "triệu tr", 10**9: "tỷ tỉ"},
        short_magnitudes=words("tr"),
        digit_hundred="trăm",
        conjunctions=words("lẻ"),
        currencies={
            "EUR": "euro", "USD": "đô đôla", "VND": "đồng đ dong", "GBP": "bảng", "JPY": "yên", "CNY": "tệ",
            "RUB": "rúp",
        },
        currency_pairs={"đô": "la"},
        percent_pairs=frozenset({("phần", "trăm")}),
        units={
            "km": "cây", "m": "mét", "cm": "phân", "mile": "dặm", "ha": "hecta héc", "l": "lít", "t": "tấn",
            "q": "tạ", "kg": "cân ký", "g": "gam", "year": "tuổi", "week": "tuần", "day": "ngày hôm",
            "hour": "giờ tiếng", "minute": "phút", "second": "giây", "°": "độ",
        },
        square=words("vuông"),
        cubic=words("khối"),
        over=words("hơn trên"),
        under=words("gần dưới"),
        about=words("khoảng tầm chừng"),
        definite=words("cả"),
        range_words=words("và đến tới hoặc"),
        no_context=words("trong ngoài bằng cùng theo sau trước nữa khác nhau triệu người"),
        numbered=words("thứ lần top khóa khoá điều quận phường"),
        idioms={
            "không": 0, "nhất": 1, "đầu": 1, "nhì": 2, "đôi": 2, "cặp": 2, "cả": 2, "kép": 2, "gấp": 2, "rưỡi": 30,
            "tá": 12, "chục": 10, "trăm": 100, "mươi": 10, "hàng": 10,
        },
    ),
    dates=DateTable(
        months=(),
        weekdays=(),
        slash=True,
        numeral_days=False,
        day_words=words("ngày mùng mồng"),
        day_markers=words("ngày mùng mồng"),
        year_links=words("năm"),
        month_marker="tháng",
        month_names={"giêng": 1, "chạp": 12},
        weekday_marker="thứ",
        weekday_cues=words("sáng chiều tối đêm trưa hôm ngày vào từ đến và tới rạng"),
        sunday=("chủ", "nhật"),
        relative={"qua": -1, "mai": 1, "kia": 2},
        hour_words=words("lúc"),
        hour_units=words("giờ"),
        hours_ahead=(0, 7),
    ),
    names=NameTable(
        abbreviations=words("tp tx tt gs ts ths bs ks pgs p q"),
        common=words(
            "ông bà anh chị cô em các những một trong theo tại từ ngày năm tháng khi sau trước tuy nhưng và do để với "
            "đây đó cơ người nhiều hiện hôm vì nếu cũng không chúng tôi đến về lực ngoài bên trên dưới đồng thời cùng "
            "bị được đã đang sẽ ban sáng chiều tối đêm vào lúc còn như mỗi mọi cả hai ba bốn thứ riêng được mới nơi"
        ),
        syllabic=True,
    ),
    polarity=PolarityTable(
        negations=words(
            "không chưa chẳng chả đừng"
        ),
        no_negations=frozenset({
            "không khí", "không gian", "không quân", "không chỉ", "không những", "hàng không", "không lưu",
            "không trung", "không kích", "chưa kể", "không phận", "chẳng hạn", "không quá", "không dưới",
            "phòng không",
        }),
        agents=words("bị được bởi"),
        small=words(
            "thì mà rằng nên rất đều lại vẫn đang sẽ đã vừa mới chỉ còn cùng nhau họ nó tôi ấy kia nào gì sự việc "
            "cuộc chiếc cái con vụ theo trên tới qua bằng hoặc hay nếu cả"
        ),
        opposites=opposites(
            "tăng lên. leo_thang/giảm xuống. sụt hạ;thắng chiến_thắng đánh_bại/thua thất_bại bại;kết_án kết_tội "
            "có_tội phạm_tội/trắng_án vô_tội tha_bổng;bắt bắt_giữ tạm_giam/thả trả_tự_do phóng_thích;chấp_thuận "
            "thông_qua phê_duyệt đồng_ý chấp_nhận/bác_bỏ từ_chối phản_đối bác;xác_nhận thừa_nhận "
            "khẳng_định/phủ_nhận bác_bỏ;sống sống_sót/chết tử_vong thiệt_mạng qua_đời;mở mở_cửa/đóng "
            "đóng_cửa;ủng_hộ tán_thành/phản_đối chỉ_trích;cho_phép/cấm;mua/bán;tuyển tuyển_dụng bổ_nhiệm/sa_thải "
            "cách_chức bãi_nhiệm;bắt_đầu khởi_công khai_mạc/kết_thúc bế_mạc chấm_dứt;tốt_hơn cải_thiện/xấu_đi "
            "tồi_tệ;cao/thấp;lớn/nhỏ;lãi lợi_nhuận/lỗ thua_lỗ;bắc miền_bắc/nam "
            "miền_nam;đông/tây;đầu_tiên/cuối_cùng;vào. nhập/ra. xuất "
            "rời;thành_công/thất_bại;nhiều/ít;trước/sau;mạnh/yếu;hợp_pháp/bất_hợp_pháp trái_phép;nam_giới "
            "đàn_ông/phụ_nữ nữ;nhanh/chậm;nóng/lạnh;mới/cũ;phát_hiện tìm_thấy/mất_tích"
        ),
    ),
    sentence_filter=SentenceFilterTable(
        dependent=(
            "tuy^nhiên tuy^vậy nhưng và ngoài^ra bên^cạnh^đó do^đó vì^vậy vì^thế theo^đó trong^khi^đó điều^này "
            "họ hắn đây sau^đó nó cũng đồng^thời trong^đó mặt^khác hơn^nữa thế^nhưng "
            "song còn thậm^chí như^vậy việc^này những^người^này nạn^nhân^này trước^đó khi^đó lúc^đó từ^đó cụ^thể "
            "chính^vì đó ở^đây tại^đây cùng^với^đó người^này anh^ta cô^ta chúng mà nên vụ^việc^này nhờ^đó qua^đó vậy "
            "thế hai^bên chúng^tôi tôi"
        ),
        # "Công ty này …", "Đoạn ấy …"; "hôm nay", "năm nay" point at the day.
        pointer=(
            r"(?:[^,]{1,50}, )?(?:đây|đó|họ) |(?:[\w/.]+ ){1,4}(?:này|ấy|đó|nọ)\b|"
            r".*\b(?:kể trên|nói trên|nêu trên|trên đây)\b"
        ),
        pronouns=words("ông bà anh chị cô"),
        # "bà con" (people), "cô gái" (girl).
        pronoun_nouns=words("con gái dâu giáo chủ trai em nội ngoại xã mẹ lão bà cả"),
        credits=(
            r"(?:\bảnh|\bclip|\bvideo|\bđồ họa|\bthực hiện|\btổng hợp|\bnguồn|\bhình|\bminh họa|\bbài|\btheo) ?[:/|"
            r"©]|"
            r"\bpv\b|\(ảnh\b|ảnh minh h|ảnh tư liệu|ảnh lưu niệm|chụp hình lưu niệm|https?:|www\.|\.(?:vn|com|net)\b|"
            r"\(theo [^)]*\)|[►▶■●•>]|\[|\bq\.?\s?&|\bvietnam\+|như (?:báo|tờ|tin)? ?[^.]{0,30}đã (?:đưa|thông tin|"
            r"phản ánh)|"
            r"trả lời phỏng vấn|\((?:áo|trái|phải|giữa|bìa|đứng|ngồi|hàng|thứ \w+ từ)\b|"
            r"^(?-i:[A-ZĐ]\w*[A-ZĐ]\w*) [-–] "
        ),
        elsewhere=(
            r"\b(?:dưới đây|sau đây|như sau|trong (?:ảnh|hình|clip|video)|(?:hình|ảnh) bên|bài (?:viết|báo) này|"
            r"bạn đọc|độc giả|"
            r"quý vị|mời (?:bạn|quý)|xem (?:thêm|tiếp|ảnh|video)|phóng viên (?:báo|đã|có|của chúng))\b|\bpv\b"
        ),
        within_names=words("cơ lực ban anh người hội chính nơi thì như khu"),
        report=(
            r"\b(?:đã|sẽ|vừa|mới|cho (?:biết|hay|rằng)|vẫn|được|không|có thể)\b|^(?:rạng sáng|sáng|trưa|chiều|tối|"
            r"đêm|ngày|hôm|"
            r"theo|kết thúc|sau)\b"
        ),
        verb=(
            r"\b(?:là|đã|sẽ|đang|được|bị|có|cho|phải|không|vừa|nên|ra|vào|tăng|giảm|đạt|vẫn|luôn|nói|nhận|diễn|làm|"
            r"đưa|tổ chức|"
            r"thực hiện|bắt|gây|khiến|giúp|trở|cần|muốn|rằng|khánh thành|khai trương|khai mạc|khởi công|công bố|ký|"
            r"mở|họp|thăm|gặp|"
            r"dự|chết|mất|thắng|thua|ghi|xảy|mua|bán|xây|cấm|phát|thông báo|khẳng định|yêu cầu|đề nghị|cảnh báo|nằm|"
            r"thuộc|gồm|sở hữu|"
            r"đi|đến|đâm|nhìn|thấy|thành lập|đá|chơi|lập|rơi|cháy|nổ|sập|tông|lao|chạy|bay|dừng|trao|tặng|ủng hộ|"
            r"tham gia|tham dự|"
            r"trả lời|phát biểu|chia sẻ|tiết lộ|từ chối|kêu gọi|chỉ trích|bày tỏ|tin|hy vọng|cáo buộc|tố|đánh|bắn|"
            r"giết|sống|học|dạy|"
            r"hoạt động|bắt đầu|kết thúc|tiếp tục|xuất hiện|giành|đoạt|dẫn|vươn|hạ|bảo vệ|lọt|vượt|chiếm|chứa|nặng|"
            r"dài|dao động|"
            r"đứng|lên|xuống|quay|rời|luyện tập|tạo|sử dụng|hỗ trợ|xử lý|xử phạt|kiểm tra|điều tra|chứng kiến|"
            r"thu hút|phục vụ|"
            r"bao gồm|ước tính|dự kiến|kêu|đòi|ném|cướp|trộm|chở|đỗ|chìm|trôi|ngập)\b"
        ),
        sequence=(
            r"\b(?:\d+|một|hai|ba|bốn|năm|vài|ít|mấy|nhiều) (?:năm|tháng|tuần|ngày|giờ|phút|hôm) sau\b(?! (?:khi|vụ|"
            r"ngày|cuộc))|"
            r"\bhôm sau\b|\bcùng (?:ngày|lúc|thời điểm|thời gian)\b|\b(?:sau|trước|kể từ|tiếp|lúc|khi|từ) (?:đó|"
            r"ấy)\b|\blúc này\b|"
            r"\bkhông lâu sau\b(?! khi)"
        ),
        # "của mình" is his own, "một mình" alone; "các em" and "em bé" are children, "anh em" brothers.
        first_person=(
            r"\btôi\b|(?<!của )(?<!một )(?<!chính )(?<!bàn )\bmình\b|"
            r"(?<!các )(?<!trẻ )(?<!những )(?<!chị )(?<!anh )(?<!hai )\bem\b(?! (?:bé|gái|trai|học))"
        ),
        relative_days=(
            r"hôm nay|hôm qua|sáng nay|trưa nay|chiều nay|tối nay|đêm nay|sáng qua|chiều qua|tối qua|đêm qua|ngày mai"
        ),
        # Not "Cơ quan", "Lực lượng", "Quân đội": names of offices and forces begin with them in mid-sentence.
        heading=r"[a-zà-ỹđ] (?:Theo|Trong|Ngày|Các|Những|Một|Tại|Trước|Sau|Khi) [a-zà-ỹđ\d]",
        boilerplate=(
            r"\bảnh:|\bảnh minh họa|xem thêm|đọc thêm|xem tiếp|bấm vào|(?:tin|bài) liên quan|mời bạn đọc"
        ),
        # Each syllable is written apart.
        longest=100,
    ),
    fragments=FragmentTable(
        address=r"ông|bà|anh|chị|cô|em|chú|bác|thầy",
        mentioned=(
            r"^(?:cùng (?:ý kiến|quan điểm|nhận định|chung)|riêng|chính|về phía|về phần|đáp lại|tương tự|ngược lại|"
            r"trái lại|cùng (?:với|chung)|ngoài việc|bên cạnh|không chỉ|với)\b|\bcũng\b|"
            r"\b(?:sự việc|vụ việc|sự cố|thông tin|hành vi|quy định|vấn đề|trường hợp|thời điểm|địa điểm|khu vực|"
            r"dự án|"
            r"đơn vị|doanh nghiệp|vụ án|vụ tai nạn|đối tượng|nhóm) trên\b|"
            rf"\b(?:anh chàng|chàng trai|cô nàng|cô gái|chàng|nàng|người đẹp|nữ ca sĩ|nam ca sĩ|nữ diễn viên|"
            rf"nam diễn viên|đối thủ|đội bóng|hai người|cặp đôi)\b(?! (?:\S+ ){{0,2}}?(?-i:[{_CAPITAL}]))|"
            r"^(?:phát biểu|kết luận|báo cáo|trao đổi|chia sẻ|trả lời|nói|cũng) (?:tại|trong|ở|với) (?:buổi|"
            r"cuộc|hội nghị|"
            r"phiên|lễ|đại hội|kỳ họp)(?: [^\s,]+){0,4},|"
            r"^(?:tham dự|tham gia|đến dự|có mặt tại|dự) "
            r"(?:buổi|cuộc|hội nghị|phiên|lễ|đại hội|kỳ họp|giải|chương trình)"
            rf"(?! (?:\S+ ){{0,6}}?(?-i:[{_CAPITAL}]))\b|^(?:hai|ba|cả hai|cả ba) người\b|"
            r"^(?:ngay )?(?:trong |ở |từ |đến |vào )?(?:khoảng )?(?:phút|hiệp|phút thứ|những phút)\b|"
            r"^(?:sau|trước|trong|tại|theo|ngoài|cũng|với|để|do|từ) (?:kỳ họp|phiên|thông tin|thông báo|dự án|"
            r"địa điểm|"
            rf"danh sách|phần|bài|ý kiến|đó|lần|giai đoạn)\b(?! (?:\S+ ){{0,3}}?(?-i:[{_CAPITAL}]))|"
            r"^(?:cuốn sách|quyển sách|cuốn|hơn \d+ hiện vật|theo kịch bản|kịch bản|trường|nhà trường|"
            r"bộ phim|phim|ca khúc|album|sản phẩm|điện thoại|bệnh viện|hãng|tập đoàn|câu lạc bộ|"
            r"thái độ|hành động|động thái|bước đi|địa điểm|danh sách|loại|một là|hai là|thứ nhất|thứ hai|thứ ba|"
            r"nguyên nhân|lý do|mục đích|cấu hình|"
            r"giá|tính đến|cũng|riêng|khi|lúc|nếu|nhờ|vị trí|thời gian|số tiền|toàn bộ|tổng cộng|tất cả)"
            rf"(?! (?:\S+ ){{0,3}}?(?-i:[{_CAPITAL}]))\b|"
            r"^(?:buổi lễ|buổi|trận đấu|trận cầu|cuộc họp|cuộc gặp|hội nghị|sự kiện|sự việc|sự cố|vụ việc|vụ án|"
            r"vụ tai nạn|"
            r"vụ nổ|vụ cháy|vụ|dự án|giải đấu|giải|chương trình|công trình|đoàn|phái đoàn|nạn nhân|nghi phạm|"
            r"nghi can|"
            r"đối tượng|thủ phạm|hung thủ|bị can|bị cáo|tài xế|lái xe|chiếc|con tàu|tàu|máy bay|xe|"
            r"hai đội|hai bên|hai nước|các bên|đội khách|đội chủ nhà|đội nhà|chủ nhà|đội bóng|các cầu thủ|"
            r"tuyên bố|thông báo|thông cáo|báo cáo|kết quả|quyết định|văn bản|công văn|đề án|nghị định|thông tư|luật|"
            r"cơ quan|lực lượng|công an|cảnh sát|nhà chức trách|giới chức|phía|công ty|doanh nghiệp|ngân hàng|"
            r"gia đình|người nhà|người thân|nhân chứng|người dân|chính quyền|địa phương|ngôi nhà|căn nhà|hiện trường|"
            r"chiến thắng|thất bại|bàn thắng|thỏa thuận|cuộc|phiên|bản án|di tích|khu|lễ|tại (?:buổi|cuộc|hội|phiên|"
            r"trận|lễ|đây|hiện trường|cơ quan)|trong (?:trận|cuộc|buổi|chương trình|vụ|số)|sau (?:trận|khi|cuộc|vụ|"
            r"buổi)|"
            r"theo (?:kết quả|thông tin ban đầu|kế hoạch|đề án|dự án|dự thảo|quy định|lịch|lời|điều tra|cáo trạng|"
            r"cơ quan|"
            r"nhận định|thông cáo|báo cáo|đánh giá))"
            rf"(?! (?:\S+ ){{0,3}}?(?-i:[{_CAPITAL}]))|"
            r"\b(?:này|kia|ấy|nói trên|kể trên|trên đây|như trên|trước đó|sau đó|đó|cùng ngày|tương tự)\b|"
            r"^(?:một|hai|ba|những) (?:người|nạn nhân|đối tượng|số) (?:khác|còn lại)\b|\b(?:còn lại)\b|"
            rf"^(?:ông|bà|anh|chị|cô|em|thầy)\b(?! (?-i:[{_CAPITAL}]))"
        ),
        predicate=(
            r"\b(?:là|đã|sẽ|đang|được|bị|có|cho|phải|không|vừa|nên|ra|vào|tăng|giảm|đạt|vẫn|luôn|nói|nhận|"
            r"diễn|làm|"
            r"đưa|tổ chức|thực hiện|bắt|gây|khiến|giúp|trở|cần|muốn|rằng|"
            r"khánh thành|khai trương|khai mạc|khởi công|công bố|ký|mở|họp|thăm|gặp|dự|chết|mất|thắng|thua|ghi|xảy|"
            r"mua|"
            r"bán|xây|cấm|phát|thông báo|khẳng định|yêu cầu|đề nghị|cảnh báo)\b"
        ),
        linking=words(
            "cũng còn nữa vẫn thêm khác riêng lại tiếp"
        ),
        elsewhere=(
            r"\b(?:nói trên|kể trên|nêu trên|ở trên|bên trên|phía trên|trên đây|như đã (?:nói|đưa|nêu|thông tin|"
            r"đề cập|phản ánh)|nói ở trên|"
            r"dưới đây|sau đây|như sau|phần dưới|trong ảnh|trong hình|hình bên|ảnh bên|trong clip|clip|video|"
            r"bài viết|"
            r"bài báo|bạn đọc|quý vị|độc giả|trong bài|kỳ trước|kỳ sau|xem (?:thêm|tiếp|ảnh|video)|mời (?:bạn|quý)|"
            r"(?:báo|tờ|như) [^.]{0,30}đã (?:đưa tin|thông tin|phản ánh)|chúng tôi|phóng viên|\bpv\b)"
        ),
        credits=(
            rf"^(?-i:[{_CAPITAL}])\w*(?-i:[{_CAPITAL}])\w* [-–] (?-i:[{_CAPITAL}])|"
            r"(?:\bảnh|\bclip|\bvideo|\bđồ họa|\bthực hiện|\btổng hợp|\bnguồn|\bhình|\bminh họa|\bbài|\btheo) ?[:/|"
            r"©]|"
            r"\bpv ?[:.]|\bpv\b|\(ảnh|ảnh minh h|ảnh chụp|ảnh tư liệu|\bafp\b|\breuters\b|\bttxvn\b|\bvnexpress\b|"
            r"\bgetty\b|"
            r"\btto\b|\btpo\b|\bvov\b|\bcung cấp\.?$|https?:|www\.|@\w|\.(?:vn|com|net)\b|\(theo [^)]*\)|"
            r"\b(?:người đưa tin|tin mới|tin tức online|zing|dân trí|thanh niên online|tuổi trẻ|tiền phong|"
            r"lao động online|"
            r"vnmedia|vietnamnet|infonet|nguoiduatin|vtc news|baomoi|kienthuc|soha)\b|[►▶■●•>]|\[|\bq\.?\s?&|"
            r"\bvietnam\+"
        ),
        line_openers=words(
            "theo trong ngày các những một tại trước sau khi và của là được với cho để từ đến trên dưới về ở đã "
            "đang sẽ "
            "không có cũng nhưng tuy nếu vì do bởi nên mà thì đây đó này hiện hôm sáng chiều tối vào lúc ngay nhiều "
            "hai ba bốn mỗi mọi người ông bà anh chị cô việc theo ngoài bên cùng đồng như còn chỉ rất phải bị "
            "dù mặc nhờ qua riêng mới vừa loại khoảng nhập chúng tôi họ vẫn lại cả thêm hơn gần đi ra lên xuống nói "
            "cho biết nhận thấy đúng"
        ),
        genres={
            "interview": r"phỏng vấn|trò chuyện|đối thoại|hỏi đáp",
            "opinion": r"góc nhìn|ý kiến|bình luận|quan điểm|diễn đàn|tâm sự|gocnhin|ykien|binhluan",
            "sport": r"thể thao|bóng đá|quần vợt|tennis|thethao|bongda|the-thao|bong-da",
            "business": (
                r"kinh doanh|kinh tế|chứng khoán|tài chính|bất động sản|thị trường|doanh nghiệp|kinhdoanh|kinhte|"
                r"taichinh|thitruong|chungkhoan|kinh-doanh|bat-dong-san|nhadat|doanhnghiep"
            ),
            "science": (
                r"khoa học|sức khỏe|sức khoẻ|công nghệ|số hóa|môi trường|y tế|khoahoc|suckhoe|congnghe|khoa-hoc|"
                r"suc-khoe|cntt|hi-?tech|tin-?học"
            ),
            "culture": (
                r"giải trí|văn hóa|du lịch|âm nhạc|điện ảnh|thời trang|ẩm thực|giaitri|vanhoa|dulich|giai-tri|"
                r"du-lich|"
                r"showbiz|amnhac|dienanh|thoitrang|amthuc"
            ),
        },
    ),
    prompts=PromptTable(
        date_form="ngày {day}/{number}/{year}",
        title="Tiêu đề",
        source="Nguồn",
        content=("Nội dung",),
        summary="Bản tóm tắt",
    ),
    replies=ReplyTable(
        answer_nouns=words("tắt bản văn hợp dịch lời"),
        presenting=words(
            "dưới đây là sau đây bản tóm văn tổng lời đã được các bài báo những một duy nhất của về và theo yêu cầu "
            "bạn tiếng việt khách quan "
            "không lặp ý ngắn gọn đầy đủ hoàn chỉnh này cho từ trên cùng sự kiện nguồn tin tức nội dung trả lời câu "
            "tôi xin gửi viết dựa "
            "cung cấp thành có thể như bằng kết quả"
        ),
        interjections=words("chắc chắn rồi vâng dạ được tất nhiên ok okay đồng ý sẵn lòng"),
        offer=(
            r"(?:tôi|mình|em) (?:có thể|rất|luôn)?(?: rất)? ?(?:sẵn lòng|sẵn sàng|vui lòng|vui được)? ?(?:giúp|"
            r"hỗ trợ)"
            r"(?: đỡ)?(?: bạn| anh| chị)?(?: (?:việc|điều|với yêu cầu|với việc) (?:này|đó))?"
        ),
        handing_over=frozenset(
            {"đây", "đây là", "dưới đây", "dưới đây là", "sau đây", "sau đây là", "đây ạ", "của bạn đây"}
        ),
        reasoning=frozenset({"suy luận", "lập luận", "lý luận", "suy nghĩ"}),
        closing=(
            r"(?:tôi )?(?:hy|hi) vọng (?:bản|điều|những|thông tin|nó|tóm|câu|văn|bạn|này)\b.{0,60}?(?:ích|giúp|tóm"
            r"|hữu|hài|đáp)|(?:hãy )?(?:cho tôi biết|nói với tôi|báo cho tôi)\b|(?:bạn )?(?:đừng|chớ) ngần ngại\b"
            r"|nếu bạn\b.{0,80}?(?:cần|câu hỏi|muốn|giúp|thêm|khác)|(?:tôi )?(?:luôn )?sẵn sàng (?:giúp|hỗ trợ)"
            r"|bạn có (?:muốn|cần)\b[^?]{0,60}?(?:tóm tắt|phiên bản|giúp|thêm|văn bản)[^?]{0,60}\?"
        ),
        remark=(
            r"(?:lưu ý|ghi chú|chú ý|chú thích|số từ|số chữ|nguồn)\b ?[:(].{0,60}?(?:tóm tắt|văn bản này|các bài báo"
            r"|các nguồn|\d+ từ|\d+\W*\Z)"
            r"|(?:bản tóm tắt|văn bản) này (?:là|được|tổng hợp|kết hợp|dựa|giữ)\b|tôi đã (?:tóm tắt|tổng hợp|kết hợp"
            r"|cố gắng|tránh)\b"
        ),
        refusal=(
            r"(?:(?:tôi |rất |tôi rất |thành thật |tôi thành thật )?xin lỗi|rất tiếc|tôi rất tiếc|thật tiếc"
            r"|tiếc là)\b[^.!?\n]{0,40}?\b(?:tôi|mình|chúng tôi|em) (?:hiện )?(?:không thể|không có khả năng"
            r"|không được phép|chưa thể) (?:\w+ )?(?:giúp|hỗ trợ|cung cấp|tóm tắt|tạo|đáp ứng|hoàn thành|truy cập"
            r"|trả lời|xử lý|thực hiện|viết|tiếp tục|thảo luận)"
            r"|tôi (?:không thể|không có khả năng) (?:giúp bạn|hỗ trợ|cung cấp|tóm tắt|tạo ra|đáp ứng"
            r"|hoàn thành yêu cầu|truy cập|xử lý yêu cầu|thực hiện yêu cầu)"
            r"|(?:là|với tư cách là|vì tôi là) (?:một )?(?:mô hình ngôn ngữ|trí tuệ nhân tạo|trợ lý (?:ảo|ai)|ai\b)"
            r"|(?:vui lòng|xin hãy|bạn (?:có thể|hãy|vui lòng)) (?:cung cấp|dán|gửi|chia sẻ) (?:cho tôi )?(?:các bài"
            r"|nội dung|văn bản|bài báo)|(?:bạn chưa|không có bài báo nào|tôi không thấy) (?:cung cấp|được cung cấp"
            r"|bài)"
        ),
        apology=(
            r"(?:(?:tôi |rất |tôi rất )?xin lỗi|rất tiếc|tôi rất tiếc|tiếc là)\b[^.!?\n]{0,40}?\b(?:tôi|mình"
            r"|chúng tôi) (?:không thể|không có khả năng|không được)"
        ),
        attribution=(
            r"(?:ông|bà|vị|bộ trưởng|chủ tịch)(?: [^,.!?\n]{1,30})? (?:nói|cho biết|phát biểu|khẳng định|viết)\b"
        ),
        injection=(
            r"(?:bỏ qua|hãy quên|quên đi|phớt lờ|đừng làm theo|không (?:làm|tuân) theo|lờ đi|quên) (?:tất cả |mọi "
            r"|hết |toàn bộ |các |những )*(?:các |những )?(?:chỉ dẫn|hướng dẫn|chỉ thị|mệnh lệnh|lệnh|yêu cầu|quy tắc"
            r"|prompt)\b(?: \w+){0,3}? (?:trước|ở trên|phía trên|bên trên|đã nhận|hệ thống|ban đầu)"
            r"|(?:bỏ qua|quên) (?:tất cả|mọi thứ|hết) (?:những gì )?(?:ở trên|phía trên|trước đó)"
            r"|(?:lưu ý|thông báo|tin nhắn|lời nhắn|chỉ dẫn|hướng dẫn|chú ý|ghi chú) (?:dành )?(?:cho|tới|đến"
            r"|gửi) (?:các |mọi |những )*(?:mô hình (?:ngôn ngữ|ai)|trợ lý (?:ảo|ai)|(?-i:AI)\b|llm\b"
            r"|trí tuệ nhân tạo đang"
            r"|chatbot)"
            r"|nếu bạn là (?:một )?(?:mô hình|(?-i:AI)\b|trợ lý (?:ảo|ai)|trí tuệ nhân tạo|llm|chatbot)"
            r"|(?:kính gửi|gửi|này"
            r"|hỡi) (?:mô hình ngôn ngữ|trợ lý ai|llm|chatgpt)\b"
            r"|(?:từ (?:bây giờ|giờ|nay)(?: trở đi)?),? (?:bạn (?:là|sẽ|phải|hãy)|hãy (?:trả lời|đóng vai|"
            r"hành động))\b"
            r"|(?:hãy )?(?:chỉ trả lời|chỉ viết|trả lời (?:chỉ )?bằng|thêm vào (?:bản )?tóm tắt"
            r"|đưa vào (?:bản )?tóm tắt|chèn vào (?:bản )?tóm tắt) (?:bằng |câu |từ |rằng |cụm |\W)"
            r"|(?:tiết lộ|hiển thị|in ra|lặp lại) (?:prompt|chỉ dẫn|lời nhắc|hướng dẫn) (?:hệ thống|ban đầu|của bạn)"
            r"|khi (?:bạn )?(?:tóm tắt|dịch|xử lý) (?:bài|văn bản|tài liệu|nội dung)(?: viết| báo)? này"
        ),
    ),
)  # fmt: skip
