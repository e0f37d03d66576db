"""Names so common in their language that looking them up in a repository tells nothing."""

from __future__ import annotations

PYTHON = frozenset(
    "self cls None True False str int float bool bytes dict list set tuple len print range isinstance super object "
    "type Any Optional Union Dict List Tuple Set Callable Iterable Iterator Sequence Mapping Type cast field "
    "ValueError TypeError KeyError Exception RuntimeError property staticmethod classmethod getattr setattr "
    "hasattr append extend items keys values join format split strip startswith endswith os sys re typing logging "
    "pytest mock assert_called_once_with assert_ eq_ is_ is_true is_false overload dataclass sorted enumerate "
    "zip map any all max min sum kwargs args".split()
)

JAVASCRIPT = frozenset(
    "console log require exports module undefined null this length push map filter forEach then catch Promise Object "
    "Array String Number Boolean JSON Error Math Date Map Set keys values entries join split slice includes test it "
    "describe expect toBe toEqual beforeEach afterEach string number boolean any unknown void name value key type "
    "options index Record Partial default async await resolve reject document window process env".split()
)

GO = frozenset(
    "nil err ctx error string int int64 uint64 float64 bool byte true false len append make new context Context fmt "
    "Errorf Sprintf Println Printf New Error String Background testing t require NoError Equal Close Add Get Set "
    "Run Name Len Lock Unlock RLock RUnlock Mutex time Duration Now strings any range ok msg Helper True Done Err "
    "Wrap Is As Fatal Log".split()
)

JAVA = frozenset(
    "String Integer Long Boolean Object List Map Set ArrayList HashMap Optional Override Exception System out "
    "println get set put add size of equals hashCode toString length name value Test assertEquals assertThat "
    "assertTrue isEmpty stream collect format main args this super".split()
)

C = frozenset(
    "NULL int char void long size_t uint8_t uint32_t uint64_t int64_t bool true false sizeof return printf fprintf "
    "snprintf memcpy memset strlen strcmp free malloc stdout stderr std string vector map pair begin end size "
    "push_back c_str first second ptr buf len ret flags name value key val data type next prev this nullptr auto "
    "fd argc argv".split()
)

RUBY = frozenset(
    "self nil true false puts require new each map select String Array Hash Integer Symbol Class Module Object "
    "attr_reader attr_accessor attr_writer private raise freeze to_s to_sym to_i is_a first last name value key "
    "size length empty present blank any include join initialize describe context it let expect eq to be "
    "assert assert_equal refute before after params sig returns void T must".split()
)

RUST = frozenset(
    "self Self Some None Ok Err Option Result String Vec Box Arc Rc str new unwrap expect clone into from iter map "
    "collect len push as_str to_string to_owned default Default Debug Clone fmt usize u8 u32 u64 i32 i64 bool vec "
    "println format assert_eq assert is_some is_none is_empty get insert std crate super".split()
)
