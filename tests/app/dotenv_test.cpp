#include "app/dotenv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace userd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

std::string refusal(const std::string& text) {
    try {
        (void)parse_env_file(text, "a.env");
    } catch (const SettingError& error) {
        return error.what();
    }
    return {};
}

TEST(Dotenv, LinesAreNamesAndValues) {
    EXPECT_THAT(parse_env_file("# a comment\n"
                               "A=1\n"
                               "\n"
                               "  \t \n"
                               "  # another\n"
                               "export B=2\n"
                               "  export   C = 3  \n"
                               "D=a=b=c\n"
                               "E=\n"
                               "_f9=x",
                               "a.env"),
                ElementsAre(Pair("A", "1"), Pair("B", "2"), Pair("C", "3"), Pair("D", "a=b=c"),
                            Pair("E", ""), Pair("_f9", "x")));
    EXPECT_THAT(parse_env_file("", "a.env"), IsEmpty());
}

TEST(Dotenv, WindowsLineEndsAreLineEnds) {
    EXPECT_THAT(parse_env_file("A=1\r\n\r\nB='2'\r\n", "a.env"),
                ElementsAre(Pair("A", "1"), Pair("B", "2")));
}

TEST(Dotenv, ACommentNeedsASpaceBeforeIt) {
    EXPECT_THAT(parse_env_file("A=1 # one\nB=1#2\nC=#\nD=a  \t#b\nE='x' # y\nF=\"x\"# y", "a.env"),
                ElementsAre(Pair("A", "1"), Pair("B", "1#2"), Pair("C", ""), Pair("D", "a"),
                            Pair("E", "x"), Pair("F", "x")));
}

TEST(Dotenv, SingleQuotesKeepEverything) {
    EXPECT_THAT(parse_env_file("A='a b # $X \\n \"'\nB=''", "a.env"),
                ElementsAre(Pair("A", "a b # $X \\n \""), Pair("B", "")));
}

TEST(Dotenv, DoubleQuotesKnowFourEscapes) {
    EXPECT_THAT(parse_env_file(R"(A="a\nb \"c\" \\ \$X # 'y'")", "a.env"),
                ElementsAre(Pair("A", "a\nb \"c\" \\ $X # 'y'")));
}

TEST(Dotenv, NothingIsExpanded) {
    EXPECT_THAT(parse_env_file("A=$HOME\nB=${HOME}\nC=`id`\nD=a\\nb", "a.env"),
                ElementsAre(Pair("A", "$HOME"), Pair("B", "${HOME}"), Pair("C", "`id`"),
                            Pair("D", "a\\nb")));
}

class MalformedLines : public testing::TestWithParam<const char*> {};

TEST_P(MalformedLines, AreRefusedByFileAndLineAndNeverQuoted) {
    const std::string error = refusal("A=1\n# two\n" + std::string(GetParam()) + "\nB=2\n");
    EXPECT_THAT(error, StartsWith("a.env line 3")) << GetParam();
    EXPECT_THAT(error, Not(HasSubstr("private")));
    EXPECT_THAT(error, Not(HasSubstr("\n")));
}

INSTANTIATE_TEST_SUITE_P(All, MalformedLines,
                         testing::Values("private", "export private", "=private", "9X=private",
                                         "A-B=private", "A B=private", "\xc3\xa4=private",
                                         "X='private", "X=\"private", "X=\"private\\",
                                         "X=\"private\\\"", "X='private' more", "X=\"private\"more",
                                         "X=\"private\\t\"", "X=\"private\\x41\"", "A=private",
                                         "export A=private"));

TEST(Dotenv, WhatIsNoTextOrTooLargeIsRefused) {
    EXPECT_THAT(refusal("A=\xff"), HasSubstr("a.env is not UTF-8"));
    EXPECT_THAT(refusal(std::string("A=\0B", 4)), HasSubstr("a.env is not UTF-8"));
    EXPECT_EQ(refusal("A=" + std::string(64 * 1024 - 2, 'x')), "");
    EXPECT_THAT(refusal("A=" + std::string(64 * 1024 - 1, 'x')), HasSubstr("64 KiB"));
}

TEST(Dotenv, ANamedFileMustExist) {
    const TemporaryFolder folder;
    const std::string path = (folder.path() / "settings").string();
    EXPECT_THROW((void)read_env_file(path), SettingError);
    std::ofstream(path) << "A=1\n";
    EXPECT_THAT(read_env_file(path), ElementsAre(Pair("A", "1")));
}

class InTemporaryFolder : public testing::Test {
  protected:
    InTemporaryFolder() { std::filesystem::current_path(folder_.path()); }
    ~InTemporaryFolder() override { std::filesystem::current_path(before_); }

  private:
    const std::filesystem::path before_ = std::filesystem::current_path();
    const TemporaryFolder folder_;
};

TEST_F(InTemporaryFolder, DotenvIsReadWhereThereIsOne) {
    EXPECT_THAT(read_env_file(""), IsEmpty());
    std::ofstream(".env") << "A=1\n";
    EXPECT_THAT(read_env_file(""), ElementsAre(Pair("A", "1")));
    std::ofstream(".env") << "no line\n";
    EXPECT_THROW((void)read_env_file(""), SettingError);
}

}  // namespace
}  // namespace userd
