#!/usr/bin/env python3
"""`sotto chat` on a terminal: what one sees there, and that the terminal is whole afterwards. Prints TAP.

A pseudo terminal stands for the terminal, and pyte for what it would show.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unicodedata

import pyte

from rig import Tap, Unexpected, World, acquaint

UP, DOWN, ESCAPE, ENTER = "\x1b[A", "\x1b[B", "\x1b", "\r"


class Stream(pyte.ByteStream):
    """With the two sequences of this kind of terminal that pyte doesn't know: SU and SD."""
    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Screen(pyte.Screen):
    def scroll(self, step, margin, count):
        row, self.cursor.y = self.cursor.y, margin
        for _ in range(count or 1):
            step()
        self.cursor.y = row

    @property
    def display(self):
        """pyte's own fails while only the second half of a wide character is there: between two writes."""
        return ["".join(self.buffer[y][x].data for x in range(self.columns)) for y in range(self.lines)]

    def scroll_up(self, count=1):
        self.scroll(self.index, self.margins.bottom if self.margins else self.lines - 1, count)

    def scroll_down(self, count=1):
        self.scroll(self.reverse_index, self.margins.top if self.margins else 0, count)


class Terminal:
    """One `sotto chat`, in a terminal of its own."""

    def __init__(self, person, *words, rows=24, columns=100):
        self.screen = Screen(columns, rows)
        self.stream = Stream(self.screen)
        self.bytes = b""
        self.master, slave = pty.openpty()
        self.size(rows, columns)
        self.before = termios.tcgetattr(slave)
        env = {**os.environ, "TERM": "screen-256color", "LC_ALL": "C.UTF-8", "LINES": "", "COLUMNS": ""}
        del env["LINES"], env["COLUMNS"]
        self.process = subprocess.Popen(person.command("chat", *words), stdin=slave, stdout=slave, stderr=slave,
                                        env=env, start_new_session=True)
        self.slave = slave

    def size(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        self.size(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def keys(self, text):
        os.write(self.master, text.encode())

    def take(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            data = os.read(self.master, 65536)
            self.bytes += data
            self.stream.feed(data)

    def settle(self):
        """Until what was typed has been taken, and an escape alone is no more the begin of a key."""
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            self.take(0.1)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines())

    def see(self, *what, gone=(), seconds=10):
        """Waits until all of it is on the screen; returns whether it is."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.take(0.05)
            text = self.text()
            if all(w in text for w in what) and not any(g in text for g in gone):
                return True
        return False

    def must_see(self, *what, **how):
        if not self.see(*what, **how):
            raise Unexpected(f"not seen: {what}\n{self.text()}")

    def modes(self):
        return termios.tcgetattr(self.slave)

    def end(self, seconds=10):
        """Its exit code, with all that it wrote."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            self.take(0.05)
        self.take(0)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            return None
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def columns_of(terminal, needle):
    """The column at which it begins, in the first line that has it; None if none has."""
    for line in terminal.screen.display:
        if needle in line:
            return line.index(needle)
    return None


def cell_column(terminal, row, character):
    """The cell, counted as a terminal does, in which a character of a row stands."""
    for column in range(terminal.screen.columns):
        if terminal.screen.buffer[row][column].data == character:
            return column
    return None


def converse(ann, ben, tap):
    t = Terminal(ann, "ben")
    t.must_see("Conversations", "connected", "> ben")
    t.keys("Shall we read?" + ENTER)
    tap.check("what_is_typed_is_sent_and_ticked", t.see("Shall we read?  \u2713"), t.text())
    ben.fine("accept", "Ann")
    ben.fine("send", "1", "Yes, tonight")
    tap.check("what_another_sends_appears_under_their_name", t.see("Yes, tonight", "ben"), t.text())
    t.keys("one" + "\n" + "two" + ENTER)
    tap.check("ctrl_j_is_a_new_line", t.see("one", "two  \u2713"), t.text())
    got = ben.fine("read", "1").out
    tap.check("both_lines_came_as_one_message", "one\n" in got and "two" in got, got)
    t.keys("\x1b[200~pasted\rtext\x1b[201~")
    tap.check("what_is_pasted_is_not_sent", t.see("> pasted", "  text") and "text  \u2713" not in t.text(), t.text())
    t.keys("\x15\x7f\x15")
    for piece in "\x1b[200~in pie[20ces", "\x1b[20", "1~":
        t.keys(piece)
        t.settle()
    came = t.see("> in pie[20ces")
    t.keys("\x15")
    tap.check("a_paste_ends_also_in_pieces", came and t.see(gone=("in pie",)), t.text())
    return t


def reply(t, ben, tap):
    t.keys(UP + UP)
    t.keys("r")
    tap.check("a_selected_message_is_answered", t.see("answering ben: Yes, tonight"), t.text())
    t.keys("At eight" + ENTER)
    tap.check("the_answer_shows_what_it_answers", t.see("\u2502 ben: Yes, tonight", "At eight  \u2713"), t.text())


def again(t, ben, tap):
    """What is said about a message that was said before."""
    ben.fine("read", "1")
    t.keys(UP + "e")
    t.must_see("changing you: At eight", "> At eight")
    t.keys("h" + ENTER)
    tap.check("a_message_is_changed", t.see("At eighth  (edited)"), t.text())
    got = ben.fine("read", "1", "--last", "9").out
    tap.check("and_the_other_sees_that", "At eighth  (edited)" in got, got)
    t.keys(UP + UP + "+")
    t.must_see("React with: ")
    t.keys(ENTER)
    tap.check("a_reaction_stands_below_its_message", t.see("\U0001f44d you"), t.text())
    ben.fine("react", "1", "3", "\u2764")
    tap.check("so_does_the_other_s", t.see("\u2764 ben"), t.text())
    t.keys(DOWN + "d")
    t.must_see("Withdraw it")
    t.keys("n" + ENTER)
    t.must_see("At eighth  (edited)", gone=("Withdraw it",))
    t.keys("t")
    t.must_see("Messages go after")
    t.keys("1d" + ENTER)
    tap.check("the_timer_is_set_and_told", t.see("set the timer", "messages go after a day"), t.text())
    t.keys(ESCAPE)
    t.must_see("Alt-Enter")
    t.keys("gone soon" + ENTER)
    t.must_see("gone soon  \u2713")
    t.keys(UP + "d")
    t.must_see("Withdraw it")
    t.keys("y" + ENTER)
    tap.check("what_is_withdrawn_is_gone", t.see("(withdrawn)", gone=("gone soon",)), t.text())
    t.keys(ESCAPE)
    t.must_see("Alt-Enter")


def sizes(t, tap):
    t.resize(12, 40)
    tap.check("a_narrow_terminal_shows_one_at_a_time",
              t.see("At eight", gone=("Conversations",)) and max(map(len, t.lines())) <= 40, t.text())
    t.keys("\t")
    tap.check("tab_shows_the_list", t.see("Conversations", gone=("At eight",)), t.text())
    t.keys("\t")
    t.resize(24, 100)
    tap.check("a_wide_one_shows_both_again", t.see("Conversations", "At eighth", "Shall we read?"), t.text())


def wide(t, ben, tap):
    ben.fine("send", "1", "\u4e16\u754c|" + "\U0001f469\u200d\U0001f467|end")
    t.must_see("end")
    row = next(i for i, line in enumerate(t.screen.display) if "|end" in line)
    start = cell_column(t, row, "\u4e16")
    bars = [c for c in range(start, 100) if t.screen.buffer[row][c].data == "|"]
    tap.check("wide_characters_and_emoji_take_their_columns", bars == [start + 4, start + 9], (start, bars, t.text()))
    ben.fine("send", "1", "\u4e16" * 60 + " x\u200dy")
    t.must_see("xy")
    shown = sum(t.screen.buffer[row][c].data == "\u4e16" for row in range(24) for c in range(100))
    tap.check("long_lines_of_them_are_wrapped_and_not_cut", shown == 61, (shown, t.text()))
    rule = next(c for c in range(100) if t.screen.buffer[1][c].data == "\u2502")
    tap.check("and_the_rule_stays_straight", t.screen.buffer[row][rule].data == "\u2502", t.text())


def hostile(t, ben, tap):
    ben.fine("send", "1", "a\u202eb\tc\nAnn\n      12:00 x\u4e16")
    ok = t.see("12:00 x")
    column = columns_of(t, "12:00 x")
    tap.check("a_message_can_t_turn_the_text", ok and "a\\u202eb" in t.text(), t.text())
    tap.check("a_message_can_t_begin_a_row_of_its_own", ok and column > columns_of(t, "ben") + 6, t.text())


def long(t, ben, tap):
    """Many messages, of which a screenful is shown at a time."""
    ben.run("chat", "1", text="".join(f"line {i:03} of many\n" for i in range(300)).encode())
    tap.check("the_newest_is_seen", t.see("line 299"), t.text())
    t.keys("\x1b[H")
    tap.check("home_shows_the_oldest", t.see("you made this conversation", gone=("line 299",)), t.text())
    t.keys("\x1b[6~")
    t.must_see("line 01", gone=("you made",))
    t.keys("\x1b[F")
    t.must_see("line 299")
    t.keys("\x1b[5~")
    tap.check("page_up_goes_back_a_screen", t.see("line 280", gone=("line 299",)), t.text())
    t.keys("\x1b[F" + UP + "/")
    t.must_see("Search:")
    t.keys("LINE 270" + ENTER)
    tap.check("what_is_searched_is_found_above", t.see("line 270", gone=("line 299",)), t.text())
    t.keys("/LINE 003" + ENTER)
    tap.check("also_far_above", t.see("line 003 of", gone=("line 27",)), t.text())
    t.keys("n")
    tap.check("what_is_not_above_is_said", t.see("not found above"), t.text())
    t.keys(ESCAPE)
    t.must_see("line 299")


def save(world, t, ben, tap):
    book = world.folder / "book.txt"
    book.write_text("a book " * 1000)
    ben.fine("send", "1", "--file", str(book))
    t.must_see('file "book.txt", 6.8 KiB')
    t.keys(UP + "s")
    t.must_see("Save it as: book.txt")
    t.keys("\x15" + str(world.folder / "here.txt") + ENTER)
    tap.check("a_file_is_saved_where_one_says", t.see("saved ") and
              (world.folder / "here.txt").read_text() == book.read_text(), t.text())
    t.keys(ESCAPE)


def request(world, ann, ben, t, tap):
    eve = world.person("eve")
    eve.fine("profile", "--name", "Ann): hi")
    eve.fine("invite", ann.link(), "--as", "ann")
    eve.fine("send", "ann", "let me in")
    t.must_see("asks", "1 ask to talk")
    ben.fine("send", "1", "something later")
    t.must_see("something later")
    lines = t.lines()
    tap.check("a_request_is_marked_and_first", "asks" in lines[1], t.text())
    tap.check("its_name_can_t_imitate_what_stands_around_it", "Ann\\x29\\x3a hi? (" in lines[1], lines[1])
    t.keys("\t\x1b[H" + ENTER)
    tap.check("a_request_is_read_before_it_is_accepted", t.see("let me in", "a accepts"), t.text())
    t.keys("i")
    tap.check("and_shows_who_asks", t.see("safety number", "not a contact"), t.text())
    t.keys(ESCAPE)
    t.must_see("let me in")
    t.keys("a")
    t.must_see("What you call them")
    t.keys("Eva" + ENTER)
    tap.check("accepted_it_is_a_conversation", t.see("> Eva", "accepted", gone=("ask to talk",)), t.text())
    t.keys("hello Eva" + ENTER)
    t.must_see("hello Eva  \u2713")
    tap.check("and_answers_reach_who_asked", "hello Eva" in eve.fine("read", "1").out)
    tess = world.person("tess")
    tess.fine("invite", ann.link(), "--as", "ann")
    tess.fine("send", "ann", "me too")
    t.must_see("1 ask to talk")
    t.keys("\t\x1b[H" + ENTER)
    t.must_see("me too", "a accepts")
    t.keys("d")
    t.must_see("Forget this request?")
    [asks] = ann.fine("requests", "--json").of("request")
    ann.fine("decline", str(asks["conversation"]))
    tap.check("a_question_goes_with_what_it_is_about",
              t.see("what you were asked about is gone", gone=("Forget this request?",)), t.text())
    t.keys("\x1b[H" + ENTER)
    t.must_see("hello Eva  \u2713")
    tap.check("nothing_of_others_reached_the_terminal_raw",
              b"\xe2\x80\xae" not in t.bytes and b"\xe2\x80\x8d" not in t.bytes)


def drafts(ann, title, t, tap):
    t.keys("half a thou")
    t.must_see("> half a thou")
    t.keys("\t" + DOWN + ENTER)
    ok = t.see("something later", gone=("half a thou",))
    t.keys("\t" + UP + ENTER)
    tap.check("what_was_half_written_is_kept", ok and t.see("> half a thou"), t.text())
    kept = t.see("> half a thou", seconds=1.5, gone=("> half a thou",))  # longer than it takes to be kept
    t.process.kill()
    t.end()
    t.close()
    t = Terminal(ann, title)
    tap.check("even_if_the_program_is_killed", t.see("> half a thou", "connected") and not kept, t.text())
    t.keys("\x15")
    return t


def several(ann, ben, tap):
    ben.fine("receipts", "delivered")
    ann.fine("new", "ben", "Eva", "--title", "Club")
    t = Terminal(ann, "Club")
    t.must_see("> Club", "connected")
    t.keys("Who comes?" + ENTER)
    t.must_see("Who comes?  \u2713")
    listens = ben.start("listen")
    told = t.see("Who comes?  \u2713\u2713 delivered to 1", seconds=30)
    tap.check("of_several_it_says_how_many_have_it", told, t.text())
    listens.terminate()
    listens.wait(10)
    ben.fine("send", "2", "I do")
    t.must_see("I do")
    t.keys(UP)
    t.must_see("r reply")
    t.keys("i")
    t.must_see("a administrator or not")
    t.keys("a")
    tap.check("who_said_something_can_be_made_an_administrator", t.see("an administrator from now on"), t.text())
    t.keys("x")
    t.must_see("administrator", gone=("a administrator or not",))
    t.keys("M")
    t.must_see("Mute for")
    t.keys("8h" + ENTER)
    ok = t.see("muted, on all your devices")
    t.keys("A")
    ok = ok and t.see("put away")
    [club] = [c for c in ann.fine("status", "--json", "--offline").of("conversation") if c["name"] == "Club"]
    tap.check("a_conversation_can_be_muted_and_put_away", ok and club["muted"] and club["archived"], (club, t.text()))
    t.keys("A")
    tap.check("and_comes_back", t.see("back in the list"), t.text())
    t.keys(ESCAPE)
    t.settle()
    t.keys("\x03")
    t.end()
    t.close()


def writing(ann, ben, tap):
    """Each in a terminal of their own: one writes, and the other sees it until the message comes."""
    before = ben.fine("typing").out
    said = [p.fine("typing", "on").out for p in (ann, ben)]
    tap.check("that_somebody_writes_is_off_until_it_is_chosen",
              "Nobody sees" in before and all("Others see" in s for s in said), (before, said))
    tap.check("and_programs_read_it", ann.fine("typing", "--json").of("typing") == [{"type": "typing", "on": True}])
    wrong = ann.run("typing", "maybe")
    tap.check("it_is_on_or_off_and_nothing_else", wrong.code == 2 and ann.fine("typing").out == said[0], wrong)
    t, u = Terminal(ann, "ben"), Terminal(ben, "1")
    t.must_see("> ben", "connected")
    u.must_see("connected")
    u.keys("I am wr")
    tap.check("who_writes_is_said_at_the_bottom", t.see("ben writes\u2026"), t.text())
    u.keys("iting" + ENTER)
    tap.check("until_the_message_is_there", t.see("I am writing", gone=("writes\u2026",)), t.text())
    for terminal in (t, u):
        terminal.keys("\x03")
        terminal.end()
        terminal.close()


def ordinary_end(t, tap):
    raw = t.modes() != t.before
    t.keys("\x1b[200~a paste without an end")
    t.must_see("a paste without an end")
    t.keys("\x03")
    code = t.end()
    tap.check("ctrl_c_ends_it_and_the_terminal_is_as_before",
              raw and code == 0 and t.modes() == t.before and b"\x1b[?1049l" in t.bytes, (code, t.text()))
    t.close()


def killed(ann, tap):
    t = Terminal(ann)
    t.must_see("Conversations", "connected")
    raw = t.modes() != t.before
    t.process.terminate()
    code = t.end()
    tap.check("a_signal_ends_it_and_the_terminal_is_as_before",
              raw and code == 0 and t.modes() == t.before and b"\x1b[?1049l" in t.bytes, (code, t.text()))
    t.close()
    t = Terminal(ann)
    t.must_see("Conversations")
    t.process.send_signal(signal.SIGSEGV)
    code = t.end()
    tap.check("so_does_a_crash",
              code == -signal.SIGSEGV and t.modes() == t.before and b"\x1b[?1049l" in t.bytes, (code, t.text()))
    t.close()


def main():
    tap = Tap()
    with World() as world:
        ann, ben = world.person("ann"), world.person("ben")
        ann.fine("invite", ben.link(), "--as", "ben")
        t = converse(ann, ben, tap)
        reply(t, ben, tap)
        again(t, ben, tap)
        sizes(t, tap)
        wide(t, ben, tap)
        hostile(t, ben, tap)
        long(t, ben, tap)
        save(world, t, ben, tap)
        request(world, ann, ben, t, tap)
        t = drafts(ann, "Eva", t, tap)
        ordinary_end(t, tap)
        writing(ann, ben, tap)
        several(ann, ben, tap)
        killed(ann, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
