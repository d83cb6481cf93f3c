// SPDX-License-Identifier: GPL-2.0
#include "screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "canvas.h"
#include "complain.h"
#include "print.h"

/* Alternate screen, cursor hidden. */
#define ENTER	"\033[?1049h\033[?25l\033[2J"
#define LEAVE	"\033[0m\033[?25h\033[?1049l"
/* A terminal that takes nothing for so long is left. */
#define STUCK_MS	1000

/**
 * struct screen - the terminal
 * @is_on: it shows the picture
 * @tty: an open file of our own, as O_NONBLOCK would be that of the shell, too
 * @was: how the terminal was
 * @signals: a signalfd
 * @mask: of signals, before
 * @messages: what went to stderr, meanwhile
 * @stderr_was: where it goes
 */
static struct screen {
	bool is_on;
	int tty;
	struct termios was;
	int signals;
	sigset_t mask;
	int messages;
	int stderr_was;
} screen = { .tty = -1, .messages = -1 };

static int number_of(const char *name, int otherwise)
{
	const char *text = getenv(name);
	int number = text ? atoi(text) : 0;

	return number > 0 ? number : otherwise;
}

void screen_size(int *width, int *height)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col && size.ws_row) {
		*width = size.ws_col;
		*height = size.ws_row;
		return;
	}
	*width = number_of("COLUMNS", 80);
	*height = number_of("LINES", 24);
}

static int open_terminal(void)
{
	int flags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open("/proc/self/fd/1", flags);

	return fd >= 0 ? fd : open("/dev/tty", flags);
}

/* False: a terminal that is gone, or stuck. Signals that come meanwhile wait. */
static bool write_terminal(const char *text, size_t len)
{
	while (len) {
		ssize_t wrote = write(screen.tty, text, len);
		struct pollfd fd = { .fd = screen.tty, .events = POLLOUT };

		if (wrote < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (wrote < 0 && errno == EAGAIN && poll(&fd, 1, STUCK_MS) == 0)
			return false;
		text += wrote > 0 ? wrote : 0;
		len -= wrote > 0 ? wrote : 0;
	}
	return true;
}

/* Keys come one by one and unseen; ^C and ^Z stay signals. */
static void turn_on(void)
{
	struct termios raw = screen.was;

	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_iflag &= ~IXON;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(screen.tty, TCSANOW, &raw);
	write_terminal(ENTER, strlen(ENTER));
	screen.is_on = true;
}

static void turn_off(void)
{
	write_terminal(LEAVE, strlen(LEAVE));
	/* Keys that nobody has read are not the shell's. TCSAFLUSH may wait for ever. */
	tcflush(screen.tty, TCIFLUSH);
	tcsetattr(screen.tty, TCSANOW, &screen.was);
	screen.is_on = false;
}

static void hold_messages(void)
{
	if (!isatty(STDERR_FILENO))
		return;
	screen.messages = memfd_create("messages", MFD_CLOEXEC);
	screen.stderr_was = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (screen.messages >= 0 && screen.stderr_was >= 0)
		dup2(screen.messages, STDERR_FILENO);
}

static void tell_messages(void)
{
	char text[4096];
	ssize_t len, at = 0;

	if (screen.messages < 0)
		return;
	dup2(screen.stderr_was, STDERR_FILENO);
	while ((len = pread(screen.messages, text, sizeof(text), at)) > 0) {
		if (write(STDERR_FILENO, text, len) != len)
			break;
		at += len;
	}
	close(screen.stderr_was);
	close(screen.messages);
	screen.messages = -1;
}

void screen_enter(void)
{
	static const int signals[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH
	};
	const char *term = getenv("TERM");
	sigset_t set;

	if (!isatty(STDOUT_FILENO))
		die("stdout is not a terminal; --once prints one picture");
	if (!term || !*term || !strcmp(term, "dumb"))
		die("TERM=%s: no terminal for pictures; --once prints one", term ?: "");
	screen.tty = open_terminal();
	if (screen.tty < 0 || tcgetattr(screen.tty, &screen.was))
		die("the terminal: %s", strerror(errno));
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, &screen.mask);
	screen.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (screen.signals < 0)
		die("signals: %s", strerror(errno));
	atexit(screen_leave);
	hold_messages();
	turn_on();
}

void screen_leave(void)
{
	if (screen.tty < 0)
		return;
	if (screen.is_on)
		turn_off();
	tell_messages();
	close(screen.signals);
	close(screen.tty);
	screen.tty = -1;
	sigprocmask(SIG_SETMASK, &screen.mask, NULL);
}

static enum screen_event take_signal(void)
{
	struct signalfd_siginfo info;

	if (read(screen.signals, &info, sizeof(info)) != sizeof(info))
		return SCREEN_NOTHING;
	switch (info.ssi_signo) {
	case SIGTSTP:	/* ^Z: the shell has its terminal until SIGCONT */
		turn_off();
		raise(SIGSTOP);
		turn_on();
		return SCREEN_RESIZED;
	case SIGCONT:
	case SIGWINCH:
		return SCREEN_RESIZED;
	default:
		return SCREEN_END;
	}
}

static enum screen_event take_keys(void)
{
	char keys[64];
	ssize_t len = read(screen.tty, keys, sizeof(keys));

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return SCREEN_NOTHING;
	if (len <= 0 || memchr(keys, 'q', len) || memchr(keys, 'Q', len))
		return SCREEN_END;
	return SCREEN_NOTHING;
}

enum screen_event screen_wait(int timeout_ms, int fd)
{
	struct pollfd fds[] = {
		{ .fd = screen.signals, .events = POLLIN },
		{ .fd = screen.tty, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	if (poll(fds, ARRAY_SIZE(fds), timeout_ms) <= 0)
		return SCREEN_NOTHING;
	if (fds[0].revents)
		return take_signal();
	if (fds[1].revents)
		return take_keys();
	return SCREEN_INPUT;
}

void screen_show(const struct canvas *canvas)
{
	static struct print text;
	const char *no_color = getenv("NO_COLOR");

	text.len = 0;
	canvas_paint(canvas, &text, !no_color || !*no_color);
	write_terminal(text.text, text.len);
}
