//! Complete YAML, second half: tokens to events, by the grammar of goyaml v2 (`parserc.go`).

use std::borrow::Cow;

use super::Problem;
use super::scanner::{Kind, Scanner, Token};
use crate::tree::Style;

#[derive(Debug)]
pub(super) enum Event<'a> {
    Scalar {
        text: Cow<'a, str>,
        style: Style,
        properties: Properties<'a>,
    },
    Alias(&'a str),
    Sequence(Style, Properties<'a>),
    Mapping(Style, Properties<'a>),
    /// The end of the innermost collection; it has a closing bracket when the span is not empty.
    End,
    DocumentEnd,
}

#[derive(Debug, Default)]
pub(super) struct Properties<'a> {
    pub(super) anchor: Option<&'a str>,
    pub(super) tag: Option<Cow<'a, str>>,
}

/// An event and the bytes of it, without anchor and tag.
#[derive(Debug)]
pub(super) struct Spanned<'a> {
    pub(super) event: Event<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Copy)]
enum State {
    Start,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequence { first: bool },
    IndentlessSequence,
    BlockMappingKey { first: bool },
    BlockMappingValue,
    FlowSequence { first: bool },
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingKey { first: bool },
    FlowMappingValue,
    FlowMappingEmptyValue,
}

pub(super) struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    states: Vec<State>,
    /// Where the open collections with an end token started, for messages.
    starts: Vec<usize>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Parser<'a> {
        Parser { scanner: Scanner::new(text), state: State::Start, states: Vec::new(), starts: Vec::new() }
    }

    /// The next event of the first document. Nothing behind its end is looked at, as in goyaml.
    pub(super) fn next(&mut self) -> Result<Spanned<'a>, Problem> {
        match self.state {
            State::Start => self.document_start(),
            State::DocumentContent => match self.kind()? {
                Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd => {
                    self.pop_state();
                    let at = self.start()?;
                    Ok(empty(at))
                }
                _ => self.node(true, false),
            },
            State::DocumentEnd => {
                let at = self.start()?;
                Ok(Spanned { event: Event::DocumentEnd, start: at, end: at })
            }
            State::BlockNode => self.node(true, false),
            State::BlockSequence { first } => self.block_sequence(first),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingKey { first } => self.block_mapping_key(first),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequence { first } => self.flow_sequence(first),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                self.state = State::FlowSequence { first: false };
                let at = self.start()?;
                Ok(Spanned { event: Event::End, start: at, end: at })
            }
            State::FlowMappingKey { first } => self.flow_mapping_key(first),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                self.state = State::FlowMappingKey { first: false };
                let at = self.start()?;
                Ok(empty(at))
            }
        }
    }

    fn kind(&mut self) -> Result<&Kind<'a>, Problem> {
        Ok(&self.scanner.peek()?.kind)
    }

    fn start(&mut self) -> Result<usize, Problem> {
        Ok(self.scanner.peek()?.start)
    }

    fn take(&mut self) -> Result<Token<'a>, Problem> {
        let at = self.scanner.peek()?.start;
        self.scanner.skip().ok_or_else(|| Problem::new(at, "unexpected end of the document"))
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::DocumentEnd);
    }

    fn document_start(&mut self) -> Result<Spanned<'a>, Problem> {
        match self.kind()? {
            Kind::StreamEnd => {
                let at = self.start()?;
                self.state = State::DocumentEnd;
                Ok(Spanned { event: Event::DocumentEnd, start: at, end: at })
            }
            Kind::DocumentStart => {
                self.take()?;
                self.states.push(State::DocumentEnd);
                self.state = State::DocumentContent;
                self.next()
            }
            _ => {
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                self.next()
            }
        }
    }

    fn node(&mut self, block: bool, indentless: bool) -> Result<Spanned<'a>, Problem> {
        if let Kind::Alias(name) = *self.kind()? {
            let token = self.take()?;
            self.pop_state();
            return Ok(Spanned { event: Event::Alias(name), start: token.start, end: token.end });
        }
        let mut properties = Properties::default();
        let mut properties_end = None;
        loop {
            match self.kind()? {
                Kind::Anchor(name) if properties.anchor.is_none() => properties.anchor = Some(name),
                Kind::Tag(None) => return Err(Problem::new(self.start()?, "this tag has an unknown prefix")),
                Kind::Tag(tag) if properties.tag.is_none() => properties.tag.clone_from(tag),
                _ => break,
            }
            properties_end = Some(self.take()?.end);
        }
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        let event = match &token.kind {
            Kind::BlockEntry if indentless => {
                self.state = State::IndentlessSequence;
                Event::Sequence(Style::Block, properties)
            }
            Kind::Scalar(..) => {
                self.pop_state();
                let token = self.take()?;
                let Kind::Scalar(text, style) = token.kind else {
                    return Err(Problem::new(token.start, "expected a value"));
                };
                Event::Scalar { text, style, properties }
            }
            Kind::FlowSequence => {
                self.state = State::FlowSequence { first: true };
                Event::Sequence(Style::Flow, properties)
            }
            Kind::FlowMapping => {
                self.state = State::FlowMappingKey { first: true };
                Event::Mapping(Style::Flow, properties)
            }
            Kind::BlockSequence if block => {
                self.state = State::BlockSequence { first: true };
                Event::Sequence(Style::Block, properties)
            }
            Kind::BlockMapping if block => {
                self.state = State::BlockMappingKey { first: true };
                Event::Mapping(Style::Block, properties)
            }
            _ => match properties_end {
                Some(end) => {
                    self.pop_state();
                    let event = Event::Scalar { text: Cow::Borrowed(""), style: Style::Plain, properties };
                    return Ok(Spanned { event, start: end, end });
                }
                None => return Err(Problem::new(start, "expected a value")),
            },
        };
        Ok(Spanned { event, start, end })
    }

    /// Goes past the token that opens a collection.
    fn open(&mut self, first: bool) -> Result<(), Problem> {
        if first {
            let token = self.take()?;
            self.starts.push(token.start);
        }
        Ok(())
    }

    /// Goes past the token that closes a collection.
    fn close(&mut self) -> Result<Spanned<'a>, Problem> {
        self.pop_state();
        self.starts.pop();
        let token = self.take()?;
        Ok(Spanned { event: Event::End, start: token.start, end: token.end })
    }

    fn block_sequence(&mut self, first: bool) -> Result<Spanned<'a>, Problem> {
        self.open(first)?;
        match self.kind()? {
            Kind::BlockEntry => {
                let end = self.take()?.end;
                let next = State::BlockSequence { first: false };
                match self.kind()? {
                    Kind::BlockEntry | Kind::BlockEnd => {
                        self.state = next;
                        Ok(empty(end))
                    }
                    _ => {
                        self.states.push(next);
                        self.node(true, false)
                    }
                }
            }
            Kind::BlockEnd => self.close(),
            _ => Err(Problem::new(
                self.start()?,
                "this indentation fits no list above: align the line with the items that it belongs to",
            )),
        }
    }

    fn indentless_sequence(&mut self) -> Result<Spanned<'a>, Problem> {
        if *self.kind()? != Kind::BlockEntry {
            self.pop_state();
            let at = self.start()?;
            return Ok(Spanned { event: Event::End, start: at, end: at });
        }
        let end = self.take()?.end;
        match self.kind()? {
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => {
                self.state = State::IndentlessSequence;
                Ok(empty(end))
            }
            _ => {
                self.states.push(State::IndentlessSequence);
                self.node(true, false)
            }
        }
    }

    fn block_mapping_key(&mut self, first: bool) -> Result<Spanned<'a>, Problem> {
        self.open(first)?;
        match self.kind()? {
            Kind::Key => {
                let end = self.take()?.end;
                match self.kind()? {
                    Kind::Key | Kind::Value | Kind::BlockEnd => {
                        self.state = State::BlockMappingValue;
                        Ok(empty(end))
                    }
                    _ => {
                        self.states.push(State::BlockMappingValue);
                        self.node(true, true)
                    }
                }
            }
            Kind::BlockEnd => self.close(),
            _ => Err(Problem::new(
                self.start()?,
                "this indentation fits no map above: align the line with the keys that it belongs to",
            )),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Spanned<'a>, Problem> {
        let next = State::BlockMappingKey { first: false };
        if *self.kind()? != Kind::Value {
            self.state = next;
            let at = self.start()?;
            return Ok(empty(at));
        }
        let end = self.take()?.end;
        match self.kind()? {
            Kind::Key | Kind::Value | Kind::BlockEnd => {
                self.state = next;
                Ok(empty(end))
            }
            _ => {
                self.states.push(next);
                self.node(true, true)
            }
        }
    }

    fn flow_sequence(&mut self, first: bool) -> Result<Spanned<'a>, Problem> {
        self.open(first)?;
        if !first && *self.kind()? != Kind::FlowSequenceEnd {
            self.separator("expected `,` or `]`")?;
        }
        match self.kind()? {
            Kind::FlowSequenceEnd => self.close(),
            Kind::Key => {
                let token = self.take()?;
                self.state = State::FlowPairKey;
                let event = Event::Mapping(Style::Flow, Properties::default());
                Ok(Spanned { event, start: token.start, end: token.end })
            }
            _ => {
                self.states.push(State::FlowSequence { first: false });
                self.node(false, false)
            }
        }
    }

    fn separator(&mut self, missing: &str) -> Result<(), Problem> {
        if *self.kind()? == Kind::FlowEntry {
            self.take()?;
            return Ok(());
        }
        let open = self.starts.last().copied();
        if *self.kind()? == Kind::StreamEnd
            && let Some(open) = open
        {
            return Err(Problem::new(open, "the bracket that starts here is never closed"));
        }
        Err(Problem::new(self.start()?, missing))
    }

    fn flow_pair_key(&mut self) -> Result<Spanned<'a>, Problem> {
        match self.kind()? {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                let end = self.take()?.end;
                self.state = State::FlowPairValue;
                Ok(empty(end))
            }
            _ => {
                self.states.push(State::FlowPairValue);
                self.node(false, false)
            }
        }
    }

    fn flow_pair_value(&mut self) -> Result<Spanned<'a>, Problem> {
        let mut at = self.start()?;
        if *self.kind()? == Kind::Value {
            at = self.take()?.end;
            if !matches!(self.kind()?, Kind::FlowEntry | Kind::FlowSequenceEnd) {
                self.states.push(State::FlowPairEnd);
                return self.node(false, false);
            }
        }
        self.state = State::FlowPairEnd;
        Ok(empty(at))
    }

    fn flow_mapping_key(&mut self, first: bool) -> Result<Spanned<'a>, Problem> {
        self.open(first)?;
        if !first && *self.kind()? != Kind::FlowMappingEnd {
            self.separator("expected `,` or `}`")?;
        }
        match self.kind()? {
            Kind::FlowMappingEnd => self.close(),
            Kind::Key => {
                self.take()?;
                match self.kind()? {
                    Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => {
                        self.state = State::FlowMappingValue;
                        let at = self.start()?;
                        Ok(empty(at))
                    }
                    _ => {
                        self.states.push(State::FlowMappingValue);
                        self.node(false, false)
                    }
                }
            }
            _ => {
                self.states.push(State::FlowMappingEmptyValue);
                self.node(false, false)
            }
        }
    }

    fn flow_mapping_value(&mut self) -> Result<Spanned<'a>, Problem> {
        let next = State::FlowMappingKey { first: false };
        let mut at = self.start()?;
        if *self.kind()? == Kind::Value {
            at = self.take()?.end;
            if !matches!(self.kind()?, Kind::FlowEntry | Kind::FlowMappingEnd) {
                self.states.push(next);
                return self.node(false, false);
            }
        }
        self.state = next;
        Ok(empty(at))
    }
}

/// A value that is not written.
fn empty<'a>(at: usize) -> Spanned<'a> {
    let event =
        Event::Scalar { text: Cow::Borrowed(""), style: Style::Plain, properties: Properties::default() };
    Spanned { event, start: at, end: at }
}
