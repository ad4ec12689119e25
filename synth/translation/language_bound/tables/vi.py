"""Vietnamese: a word is one or more syllables, and what is asked of letters is asked of a syllable ("tiếng")."""

from __future__ import annotations

from synth.translation.language_bound.table import BoundTable, ConstraintTable

TABLE = BoundTable(
    code="vi",
    languages={
        "tiếng anh": "en", "anh ngữ": "en", "tiếng pháp": "fr", "tiếng tây ban nha": "es", "tiếng đức": "de",
        "tiếng ý": "it", "tiếng italia": "it", "tiếng việt": "vi", "tiếng bồ đào nha": "pt", "tiếng hà lan": "nl",
        "tiếng nga": "ru", "tiếng trung": "zh", "tiếng trung quốc": "zh", "tiếng hoa": "zh", "tiếng nhật": "ja",
        "tiếng nhật bản": "ja", "tiếng hàn": "ko", "tiếng hàn quốc": "ko", "tiếng ả rập": "ar", "tiếng hindi": "hi",
        "tiếng latinh": "la", "tiếng la tinh": "la", "tiếng hy lạp": "el", "tiếng thổ nhĩ kỳ": "tr",
        "tiếng ba lan": "pl", "tiếng thụy điển": "sv", "tiếng na uy": "no", "tiếng đan mạch": "da",
        "tiếng phần lan": "fi", "tiếng séc": "cs", "tiếng hungary": "hu", "tiếng romania": "ro",
        "tiếng ukraina": "uk", "tiếng bulgaria": "bg", "tiếng do thái": "he", "tiếng hebrew": "he",
        "tiếng thái": "th", "tiếng indonesia": "id", "tiếng ba tư": "fa", "tiếng urdu": "ur", "tiếng bengal": "bn",
        "tiếng swahili": "sw", "tiếng punjab": "pa", "tiếng kannada": "kn", "tiếng marathi": "mr",
        "tiếng gujarat": "gu", "tiếng tamil": "ta", "tiếng telugu": "te", "tiếng nepal": "ne",
    },
    numbers={
        "một": 1, "hai": 2, "ba": 3, "bốn": 4, "năm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9, "mười": 10,
        "mười một": 11, "mười hai": 12, "mười lăm": 15, "hai mươi": 20, "năm mươi": 50, "một trăm": 100,
    },
    shorthands={
        "sentence": r"""
            (?:câu|văn bản|đoạn(?: văn)?|cụm từ|từ|bài(?: viết| văn)?|bức thư|thư|sau)
        """,
        "speech_part": r"""
            (?:danh từ|động từ|tính từ|trạng từ|phó từ|đại từ|giới từ|liên từ|thán từ|quan hệ từ|quán từ|mạo từ|số từ|
            lượng từ)
        """,
        "list": r"""
            (?:hãy )?(?:liệt kê|kể tên|kể|nêu|tìm|đưa ra|viết|viết ra|cho(?: tôi| biết)?|tạo(?: danh sách| ra)?|gợi ý|
            cho ví dụ về)
        """,
        "word": r"(?:từ|tiếng|chữ)",
    },
    innocent=r"""
        bắt đầu bằng [«\"“']? ?P\.? ?(?:P\.? ?)?S\b|không (?:có )?(?:từ|câu) nào khác|
        (?:đặt|bọc|để|viết)\b(?: \w+){0,8} trong (?:dấu )?ngoặc kép|
        từ khóa|nói cách khác|số từ \d+|có nguồn gốc từ|thư (?:xin việc|ngỏ)|xử lý ngôn ngữ tự nhiên|
        ngôn ngữ tự nhiên|ngôn ngữ ký hiệu|vần thơ
    """,
    programs=r"""
        \b(?:viết|tạo|xây dựng|phát triển|thiết kế|triển khai|cài đặt|sửa|chỉnh sửa|giải thích|cung cấp|mô tả|
        đề xuất)\b(?: [\w\-+#]+){0,4}? (?:chương trình|hàm|thuật toán|tập lệnh|đoạn mã|mã nguồn|mã giả|
        biểu thức chính quy|mã sau|mã này|truy vấn|phần mềm|cơ sở dữ liệu|ứng dụng|trang web|trò chơi|hệ thống|chatbot|
        phương thức)\b|\b(?:sql|python|java|javascript|c\+\+|php|html|css)\b
    """,
    kinds={
        "rhyme": r"""
            \b(?:gieo|hiệp|bắt|cùng|có|vần|theo) vần\b
            \bvần (?:với|điệu|chân|lưng)\b
            \bvần\b
        """,
        "anagram": r"""
            \banagram\w*
            \bđảo (?:chữ|các chữ|chữ cái)\b
            \b(?:sắp xếp|xếp) lại (?:\w+ ){0,3}chữ cái\b
            \bchữ cái (?:bị )?(?:xáo trộn|lộn xộn)\b
            \bđảo ngữ\b
        """,
        "palindrome": r"""
            \bpalindrom\w*
            \b(?:từ|câu|chuỗi) đối xứng\b
            \bđọc xuôi\b.{0,20}\bđọc ngược\b
        """,
        "pun": r"""
            \bchơi chữ\b
            \bnói lái\b
            \bcâu nói líu lưỡi\b
            \bxoắn lưỡi\b
            \bnghĩa kép\b
        """,
        "alliteration": r"""
            \bđiệp (?:âm|phụ âm|vần)\b
            \btừ tượng (?:thanh|hình)\b
            \btừ láy\b
        """,
        "acrostic": r"""
            \bacrostic\b
            \bthơ (?:chữ đầu|khoán thủ|ghép chữ)\b
            \bthuật nhớ\b
            \bmẹo nhớ\b
            \b(?:cụm từ|câu|thiết bị|hệ thống|công cụ) (?:hoặc \w+ \w+ )?ghi nhớ\b
        """,
        "acronym": r"""
            \b(?:tạo|tìm|viết|đặt|đưa ra)\b.{0,40}\b(?:từ viết tắt|chữ viết tắt|từ viết ghép)\b
            \b(?:từ|chữ) viết tắt (?:của|cho)\b
            \bviết tắt (?:của|cho)\b
        """,
        "poem_form": r"""
            \b(?:thơ )?(?:lục bát|thất ngôn|ngũ ngôn|tứ tuyệt|song thất|đường luật|haiku|sonnet|limerick)\b
        """,
        "syllables": r"\bâm tiết\b",
        "pronunciation": r"""
            \bphát âm\b
            \bngữ âm\b
            \bphiên âm\b
            \b(?:từ )?đồng âm\b
            \bthanh điệu\b
            \btrọng âm\b
        """,
        "spelling": r"""
            \bchính tả\b
            \bđánh vần\b
            \blỗi (?:đánh máy|gõ|viết)\b
            \bviết (?:sai|đúng)\b.{0,20}\btừ\b
            \b(?:dấu thanh|thêm dấu)\b
            \bđúng chính tả\b|\bviết đúng\b|\b(?:kiểm tra|sửa) lỗi\b.{0,30}\bvăn bản\b
        """,
        "grammar_correction": r"""
            \bngữ pháp\b
            (?<!chỉnh )\b(?:sửa|chữa|hiệu đính)(?! đổi)(?: lại| lỗi| các lỗi)*\b(?: \w+){0,4}? %sentence%\b
            \b(?:chỉnh sửa|sửa đổi|chỉnh)\b(?: \w+){0,4} (?:lỗi|cho đúng)\b
            \blỗi\b.{0,40}\b(?:câu|đoạn văn|văn bản)\b
            \b(?:câu|đoạn văn|văn bản)\b.{0,40}\blỗi\b
            \b(?:tìm|xác định|chỉ ra|sửa) (?:các )?lỗi\b
            \bdạng đúng của\b
            \b(?:mạo từ|giới từ|động từ|đại từ|liên từ) (?:thích hợp|đúng|phù hợp|còn thiếu)\b
            \btừ (?:không chính xác|sai|dùng sai|không đúng)\b
            \b(?:sai lầm|sai sót)\b.{0,30}\b(?:câu|văn bản|đoạn)\b
            \bđúng cách\b.{0,20}\btừ\b
        """,
        "punctuation": r"""
            \bdấu (?:câu|phẩy|chấm|ngoặc kép|chấm phẩy|hai chấm)\b(?! trong (?:toán|số))
            \bviết hoa\b.{0,30}\b(?:câu|từ|đúng|chữ cái đầu)\b
            \bchấm câu\b|\bchữ in hoa\b.{0,20}\bcâu\b
        """,
        "part_of_speech": r"""
            \btừ loại\b
            \bloại từ\b
            \bthành phần (?:câu|ngữ pháp)\b
            \bchủ ngữ\b
            \bvị ngữ\b
            \btân ngữ\b
            \bbổ ngữ\b
            \bmệnh đề (?:chính|phụ|quan hệ|độc lập)\b
            \bcây (?:phụ thuộc|cú pháp)\b
            \b(?:xác định|tìm|trích|trích xuất|gạch chân|gạch dưới|đếm|thay|thay thế|đổi|chuyển|phân loại|nhận diện|
            chỉ ra|bao nhiêu|những|các|đâu là|chọn)\b(?: \w+){0,4}? %speech_part%\b(?! (?:để |dùng để )?(?:mô tả|
            miêu tả))
            \b(?:bằng|với|sử dụng|dùng)(?: \w+){0,2} %speech_part%\b(?! (?:để |dùng để )?(?:mô tả|miêu tả))
        """,
        "grammar_form": r"""
            \bthì (?:quá khứ|hiện tại|tương lai|của động từ)\b
            \b(?:quá khứ|hiện tại|tương lai) (?:đơn|hoàn thành|tiếp diễn)\b
            \b(?:câu|thể|dạng) (?:chủ động|bị động|phủ định|nghi vấn|cầu khiến)\b
            \b(?:dạng )?số (?:nhiều|ít) của\b
            \bdạng số nhiều\b
            \bso sánh (?:hơn|nhất|bằng)\b
            \bchia động từ\b
            \blời nói (?:trực tiếp|gián tiếp)\b
            \bcâu (?:trực tiếp|gián tiếp)\b
            \b(?:ngôi|người) thứ (?:nhất|hai|ba)\b
            \bgiọng (?:nói )?(?:chủ động|bị động|hoạt động|thụ động)\b
            \bthì (?:hiện|quá|tương)\b|\b(?:sang|thành|ở|về) (?:thì )?(?:quá khứ|hiện tại|tương lai)\b
            \b(?:chia|liên hợp|cách chia)\b.{0,20}\bđộng từ\b|\bliên hợp\b.{0,30}\bcâu\b|\bdạng (?:quá khứ|nguyên thể|
            gốc) của\b
            \blời nói (?:trực tiếp|gián tiếp|tường thuật)\b|\bđộng từ (?:hiện tại|quá khứ)\b
        """,
        "language_identification": r"""
            \b(?:ngôn ngữ|thứ tiếng|tiếng) (?:gì|nào)\b
            \b(?:xác định|nhận biết|phát hiện|đoán) ngôn ngữ\b
        """,
        "etymology": r"""
            \btừ nguyên\b
            \bnguồn gốc (?:của )?(?:từ|thành ngữ|cụm từ|tên)\b
            \b(?:tiền tố|hậu tố)\b
            \btừ (?:ghép|hán việt|mượn)\b
            \bgốc từ\b
            \btiếng địa phương\b
            \bphương ngữ\b
            \btiếng anh (?:anh|mỹ)\b|\btừ gốc\b|\bgốc của từ\b|\bhình thức gốc\b
        """,
        "alphabetical_order": r"""
            \bthứ tự (?:bảng )?(?:chữ cái|abc|alphabet|từ điển)\b
            \bbảng chữ cái\b
            \bvần abc\b
            \btheo (?:bảng )?chữ cái\b
        """,
        "ends_in": r"""
            \bkết thúc (?:bằng|với|là|ở) (?:chữ|âm|vần|hậu tố|phụ âm|nguyên âm|%affix%)
            \b%word% (?:có )?kết thúc (?:bằng|với|là)\b
            \btận cùng (?:bằng|là)\b
        """,
        "starts_with": r"""
            \bbắt đầu (?:bằng|với|từ) (?:cùng )?(?:chữ|âm|phụ âm|nguyên âm|tiền tố|[\"“'‘«]?(?-i:[A-ZĐ])[\"”'’»]?(?!\w))
            \b%word% (?:có )?bắt đầu (?:bằng|với) %affix%
            \bmở đầu bằng chữ\b
        """,
        "letters": r"""
            \bchữ cái (?:%quoted%|[a-zđ](?!\w))
            \bchữ (?:%quoted%|[a-zđ])(?!\w)
            \bchữ cái (?:trong|của|thứ|đầu|cuối|nào|còn thiếu)\b
            \bbao nhiêu (?:chữ cái|nguyên âm|phụ âm|ký tự|chữ)\b
            \bnguyên âm\b
            \bphụ âm\b
            \b%word% (?:có|gồm) %number% (?:chữ|chữ cái|ký tự)\b
            \b(?:đảo ngược|viết ngược|đọc ngược)\b.{0,30}\b(?:từ|chuỗi|câu|chữ)\b
            \b(?:ô chữ|giải ô chữ|treo cổ|mã morse|mật mã)\b
            \btừ (?:dài|ngắn) nhất\b
            \bsố (?:lượng )?(?:ký tự|chữ cái|nguyên âm|phụ âm)\b|\bký tự (?:trong|của)\b|\bxáo trộn\b.{0,20}\b(?:từ|
            cụm từ|chữ)\b|\b(?:tìm kiếm từ|tìm từ ẩn|từ ẩn)\b|\b(?:từ|thông điệp) ẩn\b
        """,
        "word_order": r"""
            \b(?:sắp xếp|xếp|sắp)(?: lại)?\b.{0,40}\b(?:từ|cụm từ)\b.{0,60}\b(?:câu|thứ tự|có nghĩa)\b
            \b(?:thứ tự|trật tự) (?:đúng )?(?:của )?(?:các )?từ\b
            \b(?:sắp xếp|đặt)(?: lại)? (?:các )?từ\b.{0,60}
        """,
        "word_position": r"""
            \btừ (?:đầu tiên|cuối cùng|thứ %number%|thứ \w+) (?:của|trong)\b
            \b(?:bao nhiêu|mấy) %word%\b
            \bđếm (?:\w+ ){0,3}(?:từ|chữ)\b
            \bsố (?:lượng )?từ (?:trong|của|có)\b
            \btừ (?:xuất hiện|được dùng|được sử dụng) nhiều nhất\b
        """,
        "synonyms": r"""
            \b(?:từ )?(?:đồng|trái|gần|cùng) nghĩa\b
            \btừ (?:khác|thay thế|tương đương|đối lập|phù hợp hơn|thích hợp hơn)\b
            \bthay(?: thế)?(?: các| những)? (?:từ|cụm từ|%quoted%)
            \btừ vựng\b
            \btừ ngữ (?:khác|mới)\b
            \b(?:ý )?nghĩa (?:ngược lại|trái ngược|tương tự|giống nhau|đối lập)\b
            \b(?:(?:một|hai|ba|bằng|thành|dùng|thay) từ|động từ|tính từ|danh từ|thuật ngữ)\b.{0,20}\b(?:khác|mạnh hơn|
            mạnh mẽ hơn|tương tự|giống|ngược lại|trái ngược)\b
            \btừ (?:ngược|trái) (?:lại )?(?:với|của)\b
            \b(?:bằng|thành) (?:một )?từ (?:khác|đồng)\b
        """,
        "idiom": r"""
            \bthành ngữ\b
            \btục ngữ\b
            \btiếng lóng\b
            \bca dao\b
            \bkhẩu ngữ\b
            \bcụm từ %quoted% (?:có nghĩa|nghĩa là)
            \b(?:ý nghĩa|nghĩa) (?:của )?(?:cụm từ|từ|câu nói|câu)\b.{0,6}%quoted%
            \b(?:từ|cụm từ|câu nói|câu tục ngữ) %quoted% (?:có )?(?:nghĩa|ý nghĩa) (?:là )?gì\b
            ^%quoted% (?:có )?nghĩa (?:là )?gì\b
            \b(?:cụm từ|từ|câu|thành ngữ)\b.{0,60}\b(?:có )?nghĩa (?:là )?gì\b
            \bý nghĩa (?:của )?(?:cụm từ|từ|câu nói|câu tục ngữ)\b
            \bsáo rỗng\b|\bcâu nói (?:dân gian|cửa miệng)\b
        """,
        "word_usage": r"""
            \b(?:khác nhau|khác biệt|phân biệt)\b.{0,20}%quoted% (?:và|với) %quoted%
            \bcách (?:dùng|sử dụng) (?:từ|cụm từ|động từ)\b
            \btừ (?:nhiều|đa) nghĩa\b
        """,
    },
    translations=r"""
        \b(?:dịch|chuyển ngữ|phiên dịch)\b.{0,400}?\b(?:sang|ra|qua|thành|bằng) (?P<language>%language%)(?!\w)
        \b(?:nói|viết|gọi|diễn đạt)\b.{0,120}\b(?:bằng|trong|tiếng) ?(?P<language>%language%) (?:như thế nào|thế nào|
        là gì|ra sao)
        \b(?:viết|trả lời|soạn|sáng tác|chào|đếm|nói|phản hồi|
        câu trả lời)\b.{0,160}\bbằng (?P<language>%language%)(?!\w)
        \btrong (?P<language>%language%) (?:là gì|gọi là|nghĩa là|có nghĩa)
        \b(?:từ|tên|cụm từ|bản dịch|câu) (?P<language>%language%)(?!\w)
        \bchuyển\b.{0,200}\b(?:sang|thành) (?P<language>%language%)(?!\w)
        \b(?:chỉ|hoàn toàn|toàn bộ)\b.{0,30}\b(?:bằng|dùng|sử dụng) (?P<language>%language%)(?!\w)
    """,
    unnamed_translations=r"""
        ^(?:hãy )?dịch\b|\b(?:bản )?dịch (?:các |những )?(?:câu|văn bản|đoạn|từ|cụm từ)\b
    """,
    requests={
        "ends_in": r"""
            %list% (?P<number>%number%) %word% (?:mà )?(?:có )?kết thúc (?:bằng|với|là) (?:chữ cái |chữ |vần |
            hậu tố )?(?P<affix>%affix%|[a-zđ])
        """,
        "starts_with": r"""
            %list% (?P<number>%number%) %word% (?:mà )?(?:có )?bắt đầu (?:bằng|với) (?:chữ cái |chữ |
            âm )?(?P<affix>%affix%|[a-zđ])
        """,
        "letters": r"""
            %list% (?P<number>%number%) %word% (?:có )?(?:chứa|có) chữ (?:cái )?(?P<affix>%affix%|[a-zđ])
        """,
        "alphabetical_order": r"""
            (?:(?:hãy )?(?:sắp xếp|xếp))\b.{0,60}\b(?:từ|tiếng|chữ)\b.{0,60}\b(?:bảng chữ cái|abc|alphabet)\b.{0,400}
            (?:(?:hãy )?(?:sắp xếp|xếp))\b.{0,60}\b(?:bảng chữ cái|abc|alphabet)\b.{0,60}\b(?:từ|tiếng|chữ)\b.{0,400}
        """,
        "anagram": r"""
            (?:hãy )?(?:tìm|tạo|đưa ra|cho)\b.{0,60}\b(?:anagrams?|từ đảo chữ|đảo chữ)\b.{0,40}
        """,
        "rhyme": r"""
            %list% (?P<number>%number%) %word% (?:có )?(?:cùng )?vần với (?:từ )?%quoted%
        """,
    },
    instructions={
        "ends_in": "Liệt kê {number} tiếng kết thúc bằng “{affix}”.",
        "starts_with": "Liệt kê {number} tiếng bắt đầu bằng “{affix}”.",
        "letters": "Liệt kê {number} tiếng có chữ “{affix}”.",
        "alphabetical_order": "Sắp xếp các tiếng sau theo thứ tự bảng chữ cái: {words}.",
        "rhyme": "Liệt kê {number} tiếng cùng vần với “{word}”.",
    },
    single_instructions={
        "ends_in": "Viết một tiếng kết thúc bằng “{affix}”.",
        "starts_with": "Viết một tiếng bắt đầu bằng “{affix}”.",
        "letters": "Viết một tiếng có chữ “{affix}”.",
        "rhyme": "Viết một tiếng cùng vần với “{word}”.",
    },
    endings=("anh", "ong", "inh", "ang", "ương", "iên", "âu",),
    beginnings=("th", "ch", "nh", "tr", "kh", "ng",),
    conjunctions=("và",),
    inflects=False,
    constraints=ConstraintTable(
        units={
            "words": r"từ|chữ|tiếng",
            "sentences": r"câu",
            "paragraphs": r"đoạn(?: văn)?",
            "bullets": r"gạch đầu dòng|dấu đầu dòng|ý chính|điểm|gạch",
            "placeholders": r"chỗ trống|phần giữ chỗ|trình giữ chỗ",
            "sections": r"phần|mục|khổ(?: thơ)?",
            "lines": r"dòng",
        },
        relations={
            "least": r"""
                ít nhất|không (?:ít|dưới) hơn|không dưới|tối thiểu|trở lên|hoặc nhiều hơn|\+
            """,
            "most": r"""
                nhiều nhất|không (?:quá|nhiều hơn|vượt quá)|tối đa|trở xuống|hoặc ít hơn|trong vòng|giới hạn
            """,
            "less": r"ít hơn|dưới",
            "more": r"nhiều hơn|hơn|trên",
            "exactly": r"chính xác|đúng|chỉ",
        },
        roles={
            "forbidden": r"(?<!\w)(?:không|đừng|tránh|chớ|cấm|thay vì)(?!\w)",
            "end": r"(?<!\w)(?:kết thúc|kết bài|câu cuối|dòng cuối|cuối cùng)(?!\w)",
            "start": r"(?<!\w)(?:bắt đầu|mở đầu|câu đầu|từ đầu tiên)(?!\w)",
            "existence": r"""
                (?<!\w)(?:bao gồm|chứa|có từ|dùng|sử dụng|nhắc|đề cập|thêm|với (?:các )?từ|xuất hiện|lặp)(?!\w)
            """,
        },
        times=r"(?P<number>%number%) lần",
        adverbs={},
        flags={
            "lowercase": r"""
                (?<!\w)(?:chữ thường|viết thường|không (?:viết|dùng chữ|sử dụng chữ|có chữ) (?:in )?hoa)(?!\w)
            """,
            "uppercase": r"""
                (?<!không )(?<!dùng )(?<!không viết )(?:chữ (?:in )?hoa|viết hoa (?:toàn bộ|tất cả|hết)|
                toàn bộ (?:bằng )?chữ hoa)(?!\w)
            """,
            "no_comma": r"(?:không|đừng|tránh)(?: \w+){0,5} dấu phẩy",
            "quotation": r"(?:đặt|bọc|bao|để|trong)\b.{0,60}(?:dấu )?(?:ngoặc kép|trích dẫn)",
            "repeat_prompt": r"""
                (?:lặp lại|nhắc lại) (?:\w+ ){0,2}(?:yêu cầu|câu|câu hỏi|đề bài)\b.{0,40}(?:từng (?:chữ|từ)|
                nguyên văn|chính xác|không thay đổi|trên)
            """,
        },
        letter=r"chữ(?: cái)?(?!\w)",
        word=r"(?<!\w)từ khóa",
        words=r"(?<!\w)(?:các )?(?:từ khóa|từ ngữ|từ)(?: sau)?(?: đây)?",
        no_word=r"""
            sau|đây|này|đó|trong|của|phải|nên|không|là|và|hoặc|có|được|để|cho|với|tìm|chính|xuất
        """,
    ),
)  # fmt: skip
