"""Vietnamese."""

from __future__ import annotations

from synth.language.table import words
from synth.reverse.refusals.table import InstructionTable

_TEXT = (
    r"(?:đoạn (?:văn|trích|tin|hội thoại|phỏng vấn|đối thoại|thơ)|đoạn|văn bản|bài (?:báo|viết|văn|đọc|thơ|phỏng "
    r"vấn|phát biểu)|bài|bản tin|"
    r"tài liệu|nội dung|thông tin|câu chuyện|câu văn|câu nói|câu|bảng|danh sách|bức thư|lá thư|thư|công thức|số "
    r"liệu|dữ liệu|mẩu tin|"
    r"trích đoạn|ngữ cảnh|tiêu đề|các cách|các ý|các điều|các sự kiện|hình ảnh|bức (?:ảnh|tranh)|tấm ảnh|biểu đồ|mục)"
)
_END = (
    r"(?=\s*(?:[,.;:?!]|$|(?:trong|và|thành|bằng|nói|là|cho|có|thì|ra|hãy|để|một|sang|rồi|về|theo|cách|đến|dành|ai|"
    r"gì|chủ|chụp|vẽ|mô tả|thể hiện|cho thấy)\b))"
)
_HARD = r"(?:đoạn (?:văn|trích|tin|phỏng vấn)|văn bản|bài (?:báo|viết|đọc|văn)|trích đoạn|tài liệu|bản tin)"
#: What follows a text's name where it is said which text it is: "văn bản luật".
_NAMED = r"(?! (?:của|về|luật|nghị|số \d|đăng|quy phạm|pháp luật|chỉ đạo|hợp đồng|mật))"
_POINTERS = (
    # whatever its noun is: "định nghĩa đã cho"
    r"\b(?:đã cho|được cung cấp|cho sẵn|đã nêu)(?=\s*(?:[,.;:?!]|$|(?:trong|và|thành|bằng|để|về|ở|dưới|trên|sau|"
    r"phía)\b))|"
    r"\b\w+ (?:sau đây|dưới đây)(?=\s*(?:[,.;:?!]|$|(?:thành|bằng|và|để|là|về|có|sang|theo)\b))|"
    r"\b(?:được liệt kê|được mô tả|được nêu|được nhắc) (?:ở )?(?:trên|dưới)\b|"
    rf"\b{_TEXT}(?: [^\W\d_]+){{0,3}}? (?:(?:ở |phía |bên |nêu |nói |kể |đã nêu |đã cho ở |đã )?trên{_END}|(?:ở |"
    rf"phía |bên )dưới\b|dưới đây\b|sau đây\b|sau{_END}|"
    r"đã cho\b|cho sẵn\b|cho trước\b|được cung cấp\b|đính kèm\b|được đưa ra\b|vừa nêu\b|vừa rồi\b|trước đó\b(?= "
    r"*(?:[,.?!]|$)))"
    rf"|\b{_TEXT} này\b|\b(?:ở trên|phía trên|bên trên|nêu trên|nói trên|kể trên|dưới đây|sau đây|bên dưới|phía "
    rf"dưới)(?=\s*(?:[,.;:?!]|$|thì|cách|là\b))"
    rf"|\b(?:trong|theo|từ|dựa (?:trên|vào)|qua) {_HARD}\b{_NAMED}"
    r"|\b(?:trong|theo) bài(?=\s*(?:[,.?!]|$|(?:là|có|nói|được|gồm|muốn)\b))"
    rf"|\b(?:ý|đại ý|nội dung|chủ đề|nhân vật|thông điệp|mục đích|ý nghĩa|bố cục)(?: chính)? (?:của|trong) "
    rf"{_HARD}{_NAMED}"
    rf"|\b(?:tóm tắt|dịch|đọc|phân tích|viết lại|sửa|nhận xét|bình luận|diễn giải|rút gọn|chỉnh sửa|tiếp tục)(?: "
    rf"lại| lỗi)? {_HARD}(?=\s*(?:$|[,.;:]|(?:và|trong|thành|sang|bằng|cho|một|theo)\b))"
    rf"|\b{_HARD} (?:nói|đề cập|viết|cho biết|kể|nhắc|trình bày)\b"
    r"|\btác giả\b(?! (?:của|cuốn|bài (?:hát|thơ|ca)|ca khúc|sách|bộ|tiểu|tác phẩm|kịch|vở))"
    r"|\b(?:những gì (?:được|đã) (?:nêu|cho|viết|kể)|những dòng (?:này|trên))\b"
    r"|\b(?:ý chính|kết luận|kết bài|mở bài|đoạn kết|phần đầu|phần cuối) của (?:bài|đoạn)(?: viết| báo| văn)?"
    r"(?=\s*(?:[,.?!]|$|là\b))"
    r"|\bsau khi đọc(?: xong| kỹ)?(?=\s*(?:[,.]|hãy\b))|^đọc kỹ (?:và|rồi)\b"
    r"|\bcâu (?:mở đầu|kết|đầu tiên|cuối cùng)(?: (?:của|trong) (?:đoạn|bài))(?! \w+ của)\b"
    r"|\bđoạn (?:cuối|đầu|kết)(?=\s*(?:[,.?!]|$|(?:sang|thành|bằng)\b))|\b(?:ở|trong) dòng (?:thứ \w+|đầu|cuối)\b"
    rf"|\b(?:thông báo|thông cáo|email|bức thư|lá thư|lời thoại|bài thơ) (?:sau|trên){_END}"
    r"|\b(?:tiếp tục|viết tiếp|hoàn thành|hoàn thiện) câu chuyện(?! (?:của|về|cổ))"
    r"|\b(?:in đậm|gạch chân|(?:vào )?chỗ trống|vừa đọc)\b"
    r"|\bngười được (?:phỏng vấn|nhắc đến|nói đến)(?! (?:ở|tại|trên)\b)"
    r"|\b(?:sự việc|câu chuyện|sự kiện) được kể\b|^(?:bài|đoạn trích) (?:nói|thuộc|viết|kể|trích)\b|^các câu sau\b"
    r"|\bngười viết(?= (?:muốn|cho rằng|nghĩ|có ý|bày tỏ|kết luận)\b)"
    r"|\bnhững điều (?:trên|vừa)\b|\bthông tin (?:đã cho|trên)\b(?= *(?:[,.?!]|$))"
)

TABLE = InstructionTable(
    making=(
        r"(?:hãy |xin |vui lòng |bạn hãy |em hãy |giúp tôi |làm ơn )*(?:viết|soạn(?: thảo)?|sáng tác|làm|tạo(?: "
        r"ra)?|lập|dựng|đặt|kể(?: lại)?|"
        r"thiết kế|xây dựng|đưa ra|cho(?: tôi)?|nghĩ ra|biên soạn|chuẩn bị|phác thảo|vẽ|trình bày|liệt kê)(?: "
        r"cho)?(?: tôi| giúp)?"
    ),
    asking=(
        r"(?:hãy|xin|vui lòng|giải thích|mô tả|tóm tắt|trình bày|nêu|kể|phân tích|so sánh|giới thiệu|bình luận|"
        r"tường thuật|thuật lại|"
        r"thông báo|liệt kê|cho biết|nhận xét|đánh giá|bàn|cập nhật|phỏng vấn|hướng dẫn|dựa|tìm|chỉ ra|nói|dịch|sửa "
        r"(?:lỗi|lại)|điền|trả lời|đọc|"
        r"viết|soạn|lập|đặt|tạo|làm|sáng tác|đưa ra|xác định|thảo luận|chứng minh|tưởng tượng|đóng vai|phân loại|"
        r"điểm lại|tổng hợp|"
        r"báo cáo|diễn giải|thống kê|ghi lại|dự đoán|gợi ý|đề xuất|hoàn thành|chuyển|miêu tả|khái quát|làm rõ|phản "
        r"ánh|đưa tin|bạn là|"
        r"với tư cách|nếu bạn là|giả sử|hình dung|dựng|cung cấp|chọn|phát biểu|truy tìm|rút ra|chỉnh sửa|sắp xếp|"
        r"phát triển|thay đổi|thay thế|tính|sử dụng|sửa đổi|lấy|nhập|tái cấu trúc|kết nối|thêm|sáng tạo|trích xuất|"
        r"trích dẫn|xuất|giả vờ|kết hợp|biến|động não|sản xuất|ước tính|nối|gán|đếm|lọc|khám phá|nghiên cứu|đề cập|"
        r"quyết định|dự thảo|lên kế hoạch|minh họa|thiết kế|xây dựng|kiểm tra|thực hiện|giải quyết|giải bài|giải mã|"
        r"giải phương|phác thảo|lựa chọn|bổ sung|rút gọn|mở rộng|đối chiếu|nhấn mạnh|suy nghĩ|nghĩ|hoàn tất|chia sẻ|"
        r"cho tôi|cho ví dụ|cho một|viết lại|tổ chức|tên (?:một|ít|ba|năm|\d))"
    ),
    between=(
        r"(?:một|hai|ba|bốn|năm|mười|vài|các|những|\d+|bài|đoạn|bức|lá|câu|trang|tờ|vở|bản|cuộc|chiếc|lời|ngắn|dài|"
        r"vui|hay|cho|"
        r"tôi|mẩu|buổi|cái|tấm|lại|được|thành|theo|dạng|dòng)"
    ),
    questions=(
        r"\?|\b(?:gì|nào|sao|bao nhiêu|bao lâu|mấy|ai là|là ai|ở đâu|thế nào|ra sao|vì đâu|phải không|hay không|bạn "
        r"có thể|tôi muốn|tôi cần)\b"
    ),
    asks_money=r"giá (?:\w+ ){0,2}?bao nhiêu|bao nhiêu tiền|hết bao nhiêu|chi phí (?:\w+ )?bao nhiêu|giá cả",
    asks_time=r"\b(?:khi nào|bao giờ|ngày nào|năm nào|mấy giờ|lúc nào|thời điểm nào|tháng nào|phút nào)\b",
    asks_number=r"\b(?:bao nhiêu|mấy)\b",
    genres={
        "poem": r"bài thơ|thơ|lục bát|haiku|vè|ca dao|câu đối",
        "song": r"bài hát|ca khúc|lời (?:một )?(?:bài hát|ca khúc|nhạc)|bản nhạc|bài rap|hát ru|điệp khúc",
        "recipe": r"công thức(?! (?:toán|hóa|tính))|cách nấu|thực đơn",
        "code": (
            r"mã(?: nguồn| lệnh)?(?= (?:python|java|c\b|html|css|sql|cho|để|\w+script))|đoạn mã|chương trình "
            r"(?:python|java|c\b|máy tính)|hàm (?:python|java|trong)|câu lệnh|truy vấn|thuật toán|script"
        ),
        "markup": r"json|xml|html|csv|yaml|sql|markdown|trang web",
        "table": r"bảng(?! vàng)",
        "letter": r"thư(?! (?:mục|viện|ký|giãn|pháp))|bức thư|lá thư|thư ngỏ|bưu thiếp|đơn (?:xin|kiến nghị)",
        "email": r"e-?mail|thư điện tử|tin nhắn",
        "interview": r"phỏng vấn|bài phỏng vấn|hỏi đáp|trò chuyện hỏi đáp",
        "dialogue": (
            r"đối thoại|hội thoại|kịch(?! tính)|vở kịch|kịch bản|tiểu phẩm|màn đối đáp|độc thoại|cuộc trò chuyện(?! "
            r"hỏi)"
        ),
        "bullets": r"danh sách (?:gạch|đánh số|có đánh số)|gạch đầu dòng",
        "list": r"danh sách|danh mục",
        "timeline": r"dòng thời gian|niên biểu|trình tự thời gian|mốc thời gian",
        "questions": r"câu hỏi|câu đố|trắc nghiệm|đề (?:thi|kiểm tra)|bài kiểm tra|ô chữ",
        "fiction": (
            r"(?:câu )?(?:truyện|chuyện) (?:ngắn|cổ tích|cười|ngụ ngôn|tình|ma|hài|viễn tưởng|vui)|tiểu thuyết|"
            r"truyền thuyết|truyện(?! kiều)"
        ),
        "essay": r"(?:bài )?văn (?:miêu )?tả|(?:bài )?văn (?:biểu cảm|nghị luận)|(?:bài )?tập làm văn",
        "howto": r"(?:bài |bản )?hướng dẫn(?! viên)|cẩm nang|lịch trình (?:du lịch|tham quan)|giáo án",
        "diary": r"nhật ký|trang nhật ký",
        "speech": (
            r"phát biểu(?= (?:ở|của|trước|tại|cho|nhân|về|chào|khai))|bài phát biểu|diễn văn|bài diễn thuyết|bài "
            r"nói chuyện"
        ),
        "headline": r"tiêu đề(?! (?:là|:))|khẩu hiệu|tít|nhan đề",
        "tweet": r"tweet|dòng trạng thái|hashtag|status",
        "advert": r"quảng cáo",
        "cv": r"sơ yếu lý lịch|bản kiểm điểm|hợp đồng|hóa đơn|tử vi|di chúc",
    },
    form_of=(
        r"(?:dưới|theo|ở) (?:dạng|hình thức|định dạng|thể(?: loại)?|kiểu)(?: một| của)?|như (?:thể )?một|bằng "
        r"(?:thể )?(?=thơ|gạch)|theo phong cách"
    ),
    phrases={
        "bullets": r"\bgạch đầu dòng\b|\bđánh số thứ tự\b",
        "poem": r"\bthơ lục bát\b|\bbằng thơ\b|\bcó vần\b|\bcâu thơ\b",
        "translation": r"^(?:hãy )?dịch\b|\b(?:sang|bằng) tiếng (?:anh|pháp|ý|đức|trung|nhật|tây ban nha)\b",
        "list": r"^(?:hãy )?liệt kê\b",
        "math": r"^(?:hãy )?(?:giải phương trình|tính (?:giá trị|đạo hàm|tổng của)|chứng minh rằng)",
    },
    measures={
        "word": r"từ|chữ|tiếng",
        "sentence": r"câu(?! hỏi| đố| thơ)",
        "paragraph": r"đoạn(?: văn)?",
        "line": r"dòng",
        "character": r"ký tự|kí tự",
        "item": (
            r"(?:cách|lý do|nguyên nhân|điều|ví dụ|ý|điểm|bước|mẹo|lời khuyên|câu hỏi|yếu tố|thói quen|gạch đầu "
            r"dòng)"
        ),
    },
    titled=r"(?:tiêu đề|nhan đề|tựa đề|mang tên|có tên|với tít)\b",
    reader=r"(?:em bé|trẻ em|học sinh|em nhỏ|bé|trẻ|độc giả)(?: \w+)? (?:NUMBER) tuổi|học sinh lớp (?:NUMBER)",
    numbers={
        "một": 1,
        "hai": 2,
        "ba": 3,
        "bốn": 4,
        "năm": 5,
        "sáu": 6,
        "bảy": 7,
        "tám": 8,
        "chín": 9,
        "mười": 10,
    },
    pointers=_POINTERS,
    demonstrative=r"\b([^\W\d_]+) (?:này|ấy|nọ)\b",
    demonstrative_times=(
        r"năm|tháng|tuần|ngày|lúc|lần|dịp|thời|đợt|gian|mùa|điều|cách|kỳ|phiên|hướng|chủ|đề|điểm|như|yêu|cầu"
    ),
    preamble=(
        r"^(?:chắc chắn|tất nhiên|dĩ nhiên|vâng|được|ok|okay|đồng ý|dạ|rất sẵn lòng)\b(?: rồi)?\s*[,.!:]|^(?:đây là|"
        r"dưới đây là|sau đây là)\b|^(?:câu lệnh|hướng dẫn|yêu cầu|câu hỏi|trả lời|đáp án|chỉ dẫn)\s*:|^(?:câu lệnh|"
        r"yêu cầu|chỉ dẫn) (?:là|có thể là)\b"
    ),
    salutation=(
        r"\b(?:kính gửi|thân gửi|gửi (?:anh|chị|bạn|em)|thân mến|trân trọng|kính thư|chào (?:anh|chị|bạn|em)|thân "
        r"ái)\b"
    ),
    cooking=r"\b(?:nguyên liệu|ướp|xào|luộc|chiên|nấu|nêm|muỗng|thìa|phi thơm|thái|nồi|chảo)\b",
    once_upon=r"ngày xửa ngày xưa|thuở xưa|ngày xưa",
    addressed=r"\b(?:kính thưa|thưa (?:các|quý|toàn|ông|bà)|các bạn|đồng bào|xin chào|xin cảm ơn|tôi xin)\b",
    home=words("việt nam vn"),
    common=words(
        "viết hãy bài báo tin bản đoạn văn ngắn giải thích kể lại trình bày mô tả tóm tắt nêu cho biết về việc vụ "
        "các những một "
        "của và là có gì nào sao thế ra được trong với cho từ đến khi vì như bị đã sẽ này đó người nhà theo phân "
        "tích giới thiệu bàn "
        "nói diễn biến nội dung thông tin chính nguyên nhân lý do kết quả tình hình sự kiện câu chuyện xảy chuyện "
        "phản ứng độc giả "
        "điều mới nhất phổ biến bình luận tường thuật thuật cập nhật ở trên dưới ngày năm tháng hôm nay số ý kiến "
        "tác hại bạn ai"
    ),
)
